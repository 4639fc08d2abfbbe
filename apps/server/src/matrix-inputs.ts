/** What the rows of the matrices send: inputs with every optional field set, so that each is put to the test. */
import { newKey } from '@evently/api/testing';
import { type Input, startsAt, type World } from './matrix-world.ts';

/** Where nobody has to wait, nobody looks at it. */
export const SOME_TOKEN = 'a.b.c';

export const places = (world: World): Input => ({
  showId: world.show.showId,
  seatIds: [world.nextSeat()],
  sections: [{ sectionId: world.show.sectionIds[1]!, quantity: 2 }],
  idempotencyKey: newKey(),
  admissionToken: SOME_TOKEN,
  specialRequests: 'An aisle seat,\nplease.',
  metadata: { campaign: 'spring', nested: { list: [1, null, true] } },
});

const plan = () => [
  { name: 'Floor', kind: 'standing', capacity: 100 },
  {
    name: 'Stalls',
    kind: 'seated',
    rows: [
      { row: 'A', seats: 3 },
      { row: 'B', seats: [{ number: '1', x: 1.5, y: -2 }] },
    ],
  },
];

export const venue = (): Input => ({
  name: 'Odeon',
  address: 'Ring 1',
  city: 'Vienna',
  country: 'AT',
  timeZone: 'Europe/Vienna',
  sections: plan(),
});

export const event = (): Input => ({
  name: 'Talk',
  description: 'About much.\nAnd more.',
  category: 'talk',
  tags: ['science', 'free'],
  imageUrl: 'https://example.com/talk.png',
});

export const policy = () => ({
  name: 'Strict',
  rules: [
    { hoursBefore: 72, refundPercent: 100, feeAmount: 200 },
    { hoursBefore: 24, refundPercent: 50, feeAmount: 0 },
  ],
});

export const sales = {
  salesOpenAt: new Date().toISOString(),
  salesCloseAt: startsAt,
  maxPerBooking: 4,
  holdSeconds: 300,
};
export const prices = (world: World) => world.show.sectionIds.map((sectionId) => ({ sectionId, amount: 1200 }));
