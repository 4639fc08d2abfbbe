/**
 * Buys the best seat of an event that costs nothing, through the SDK, as any program elsewhere would.
 *
 *     node examples/buy-a-ticket.ts
 *
 * EVENTLY_URL says where the server is (http://localhost:3000).
 */
import { createEvently, isProblem } from '@evently/sdk';

const url = process.env.EVENTLY_URL ?? 'http://localhost:3000';

const visitor = createEvently({ url });
const account = { email: `visitor-${Date.now()}@example.com`, password: 'a long enough passphrase', name: 'Ada' };
const { token } = await visitor.auth.register(account);
const evently = createEvently({ url, token });

for await (const event of evently.events.list.all({ availableOnly: true })) {
  if (event.fromPrice.amount > 0) continue;
  const { shows } = await evently.events.get({ eventId: event.id });
  const free = shows.flatMap((show) => show.sections.map((section) => ({ show, section })));
  const offer = free.find(({ section }) => section.price.amount === 0 && section.available > 0);
  if (!offer) continue;
  try {
    const booking = await evently.bookings.book({
      showId: offer.show.id,
      sections: [{ sectionId: offer.section.sectionId, quantity: 1 }],
    });
    console.log(`${booking.reference}: ${event.name}, ${booking.tickets.map((ticket) => ticket.label).join(', ')}`);
    process.exit(0);
  } catch (error) {
    // Somebody was faster, or sales have not begun: the next event, then.
    if (!isProblem(error, 'sold_out') && !isProblem(error, 'not_on_sale')) throw error;
  }
}
console.log('Nothing is free just now.');
