/** The page: reads the show, follows its seats, and says what it sees in colours, numbers and words. */
import { FeedError, follow, readShow } from './feed.js';
import { createHall } from './hall.js';
import { applyChanges, changesBetween, countSections, createRate, soldBetween } from './numbers.js';
import { drawSparkline } from './sparkline.js';

/** @import { Connection, Layout, Message, Place, SectionCount, Show } from './types.d.ts' */

const SUMMARY_MS = 10_000;
const STATE_NAMES = { a: 'available', h: 'held', b: 'sold', x: 'not for sale' };
const CONNECTION_NAMES = { live: 'live', polling: 'every two seconds', waiting: 'connecting …' };

/**
 * @template {Element} T
 * @param {string} id
 * @returns {T}
 */
const byId = (id) => /** @type {T} */ (/** @type {unknown} */ (document.getElementById(id)));

/** @param {string} id @param {string} text */
function say(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

const count = new Intl.NumberFormat('en');

/** @param {Show['sections'][number]['price']} price */
function formatPrice({ amount, currency }) {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return amount === 0 ? 'free' : format.format(amount / 10 ** digits);
}

/** @param {Show} show @param {string} name */
function introduce({ venue, startsAt, status }, name) {
  document.title = `${name}, live`;
  say('name', name);
  const when = new Intl.DateTimeFormat('en', { dateStyle: 'full', timeStyle: 'short', timeZone: venue.timeZone });
  say(
    'where',
    `${status === 'cancelled' ? 'Cancelled. ' : ''}${venue.name}, ${venue.city}, ${when.format(new Date(startsAt))}`,
  );
}

/** @param {string} text */
function complain(text) {
  say('notice', text);
  byId('notice').toggleAttribute('hidden', false);
}

/**
 * @param {Show} show
 * @param {Layout} layout
 */
function start(show, layout) {
  /** @type {SVGSVGElement} */
  const svg = byId('hall');
  const hall = createHall(svg, show, layout);
  const rate = createRate();
  const hasStanding = show.sections.some(({ kind }) => kind === 'standing');
  if (hasStanding) say('sold-label', 'sold*');
  byId('footnote').toggleAttribute('hidden', !hasStanding);
  /** @type {string | null} */
  let states = null;
  /** @type {SectionCount[]} */
  let counts = [];
  /** @type {Place | null} */
  let marked = null;
  const rows = listSections(show, layout, hall.show);

  /** @param {Message} message */
  function take(message) {
    const next = message.kind === 'snapshot' ? message.states : applyChanges(states ?? '', message.changes);
    const changes =
      states === null ? null : message.kind === 'snapshot' ? changesBetween(states, next) : message.changes;
    const isFirst = states === null;
    states = next;
    hall.draw(next, changes);
    if (changes) hall.flash(changes);
    const counted = countSections(show, layout, next, message.sections);
    if (!isFirst) rate.add(soldBetween(counts, counted), Date.now());
    counts = counted;
    hall.fill(
      new Map(show.sections.map(({ sectionId, capacity }, i) => [sectionId, (counted[i]?.taken ?? 0) / capacity])),
    );
    tell(counted, rows);
    if (marked) describe(marked);
  }

  /** @param {Place} place */
  function describe(place) {
    const section = layout.sections[place.section];
    const price = show.sections.find(({ sectionId }) => sectionId === section?.sectionId)?.price;
    const state = STATE_NAMES[/** @type {keyof typeof STATE_NAMES} */ (states?.[place.index] ?? 'x')];
    say(
      'seat',
      `${section?.name}, row ${place.rowName}, seat ${place.number}: ${state}${price ? `, ${formatPrice(price)}` : ''}`,
    );
  }

  /** @param {Place | null} place */
  function mark(place) {
    marked = place;
    hall.mark(place);
    if (place) describe(place);
    else say('seat', '');
  }

  svg.addEventListener('pointermove', ({ clientX, clientY }) => mark(hall.placeAt(clientX, clientY)));
  svg.addEventListener('pointerdown', ({ clientX, clientY }) => mark(hall.placeAt(clientX, clientY)));
  /** @type {HTMLElement} */
  const plan = byId('plan');
  plan.tabIndex = 0;
  plan.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') return mark(null);
    if (!event.key.startsWith('Arrow')) return;
    event.preventDefault();
    mark(hall.placeBeside(marked, event.key));
  });
  setInterval(() => {
    const bySecond = rate.bySecond(Date.now());
    drawSparkline(byId('sparkline'), bySecond);
    say('rate', count.format(bySecond.at(-1) ?? 0));
  }, 1000);
  // For those who listen: what the numbers say, but not each time that they change.
  setInterval(() => {
    const { available, sold } = totals(counts);
    say('summary', `${count.format(available)} available, ${count.format(sold)} sold.`);
  }, SUMMARY_MS);
  follow(show.id, take, showConnection);
}

/** @param {Connection} connection */
function showConnection(connection) {
  byId('connection').setAttribute('data-connection', connection);
  say('connection', CONNECTION_NAMES[connection]);
}

/** @param {readonly SectionCount[]} counts */
function totals(counts) {
  const sum = { available: 0, held: 0, sold: 0 };
  for (const { available, held, sold, taken } of counts) {
    sum.available += available;
    sum.held += held ?? 0;
    sum.sold += sold ?? taken;
  }
  return sum;
}

/**
 * @param {readonly SectionCount[]} counts
 * @param {readonly HTMLTableCellElement[][]} rows
 */
function tell(counts, rows) {
  for (const [id, value] of Object.entries(totals(counts))) say(id, count.format(value));
  counts.forEach(({ available, held, sold, taken }, i) => {
    const shown = [available, held, sold ?? taken].map((value) => (value === null ? '–' : count.format(value)));
    rows[i]?.forEach((cell, column) => {
      if (cell.textContent !== shown[column]) cell.textContent = shown[column] ?? '';
    });
  });
}

/**
 * The table of sections; those with seats have a button that shows them alone.
 *
 * @param {Show} show
 * @param {Layout} layout
 * @param {(section: number | null) => void} showSection
 */
function listSections(show, layout, showSection) {
  const whole = byId('whole');
  /** @type {HTMLButtonElement[]} */
  const buttons = [];
  /** @param {HTMLButtonElement | null} pressed @param {number | null} section */
  const choose = (pressed, section) => {
    for (const button of buttons) button.setAttribute('aria-pressed', String(button === pressed));
    whole.toggleAttribute('hidden', section === null);
    showSection(section);
  };
  whole.addEventListener('click', () => choose(null, null));
  const body = byId('sections');
  return show.sections.map(({ sectionId, name, price }) => {
    const row = document.createElement('tr');
    const head = document.createElement('th');
    head.scope = 'row';
    const section = layout.sections.findIndex((seated) => seated.sectionId === sectionId && seated.rows.length > 0);
    if (section >= 0) {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = name;
      button.setAttribute('aria-pressed', 'false');
      button.addEventListener('click', () => choose(button, section));
      buttons.push(button);
      head.append(button);
    } else head.textContent = name;
    const cost = document.createElement('td');
    cost.textContent = formatPrice(price);
    const cells = Array.from({ length: 3 }, () => document.createElement('td'));
    row.append(head, cost, ...cells);
    body.append(row);
    return cells;
  });
}

const showId = decodeURIComponent(location.pathname.split('/')[2] ?? '');
readShow(showId).then(
  ({ show, layout, name }) => {
    introduce(show, name);
    start(show, layout);
  },
  (error) => {
    complain(error instanceof FeedError ? error.message : 'The server does not answer.');
    showConnection('waiting');
  },
);
