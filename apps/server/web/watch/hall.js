/** The hall, drawn from its layout. However many seats it has, a section is four paths, one for each state. */

/** @import { Layout, Place, Show, State } from './types.d.ts' */

const SVG = 'http://www.w3.org/2000/svg';
/** Of the distance between seats. What is not for sale is a dot. */
const WIDTHS = { a: 0.78, h: 0.78, b: 0.78, x: 0.28 };
const STATES = /** @type {const} */ (['a', 'h', 'b', 'x']);
/** More than that at once is a storm in which nobody sees the single seat. */
const MOST_FRESH = 150;
const FIELD_HEIGHT = 5;

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 */
function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

/**
 * @param {Layout} layout
 * @returns {Place[]} in layout order
 */
export function listPlaces(layout) {
  /** @type {Place[]} */
  const places = [];
  layout.sections.forEach(({ rows }, section) => {
    rows.forEach(({ row: rowName, seats }, row) => {
      for (const { number, x, y } of seats) places.push({ index: places.length, section, row, rowName, number, x, y });
    });
  });
  return places;
}

/** The usual distance between neighbours. @param {readonly Place[]} places */
function findPitch(places) {
  const gaps = [];
  for (let i = 1; i < places.length && gaps.length < 2000; i += 1) {
    const [one, two] = [/** @type {Place} */ (places[i - 1]), /** @type {Place} */ (places[i])];
    if (one.row === two.row && one.section === two.section) gaps.push(Math.hypot(two.x - one.x, two.y - one.y));
  }
  return gaps.sort((a, b) => a - b)[gaps.length >> 1] || 1;
}

/** @param {readonly Place[]} places */
function boxOf(places) {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { x, y } of places) {
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
    box.top = Math.min(box.top, y);
    box.bottom = Math.max(box.bottom, y);
  }
  return places.length > 0 ? box : { left: -20, right: 20, top: 0, bottom: 0 };
}

/**
 * @param {SVGSVGElement} svg
 * @param {Show} show
 * @param {Layout} layout
 */
export function createHall(svg, show, layout) {
  const places = listPlaces(layout);
  const pitch = findPitch(places);
  const whole = boxOf(places);
  const sections = layout.sections.map(({ name }, index) =>
    drawSection(
      name,
      places.filter(({ section }) => section === index),
    ),
  );
  const fields = drawFields();
  const fresh = svg.appendChild(element('g', {}));
  const cursor = element('circle', {
    class: 'cursor',
    r: pitch * 0.55,
    'stroke-width': pitch * 0.16,
    visibility: 'hidden',
  });
  svg.append(cursor);
  frame(whole);

  /**
   * @param {string} name
   * @param {Place[]} seats
   */
  function drawSection(name, seats) {
    const box = boxOf(seats);
    const size = Math.max(pitch * 1.6, (whole.right - whole.left) / 60);
    const label = element('text', { x: (box.left + box.right) / 2, y: box.top - pitch * 1.1, 'font-size': size });
    label.textContent = name;
    const paths = STATES.map((state) => {
      const path = element('path', { class: state, 'stroke-width': pitch * WIDTHS[state] });
      svg.append(path);
      return { state, path };
    });
    if (seats.length > 0) svg.append(label);
    return { seats, box, paths };
  }

  /** Standing sections have no place on the plan: they lie behind the seats, filled as far as they are taken. */
  function drawFields() {
    const standing = show.sections.filter(({ kind }) => kind === 'standing');
    const width = Math.max(whole.right - whole.left, pitch * 20);
    const left = (whole.left + whole.right - width) / 2;
    const height = Math.max(pitch * FIELD_HEIGHT, width / 24);
    return standing.map(({ name, sectionId }) => {
      const top = whole.bottom + height * 0.5;
      const free = element('rect', { class: 'field free', x: left, y: top, width, height, rx: height / 8 });
      const taken = element('rect', { class: 'field', x: left, y: top, width: 0, height, rx: height / 8 });
      const label = element('text', { x: left + width / 2, y: top + height * 1.3, 'font-size': height * 0.26 });
      label.textContent = name;
      svg.append(free, taken, label);
      whole.bottom = top + height * 1.4;
      whole.left = Math.min(whole.left, left);
      whole.right = Math.max(whole.right, left + width);
      return { sectionId, taken, width };
    });
  }

  /** @param {{ left: number, top: number, right: number, bottom: number }} box */
  function frame({ left, top, right, bottom }) {
    const margin = pitch * 3;
    svg.setAttribute(
      'viewBox',
      `${left - margin} ${top - margin} ${right - left + margin * 2} ${bottom - top + margin * 2}`,
    );
  }

  return {
    places,
    /**
     * Draws the sections that seats changed in; all of them at first.
     *
     * @param {string} states
     * @param {readonly { index: number, state: State }[] | null} changes
     */
    draw(states, changes) {
      const stale = new Set(changes?.map(({ index }) => places[index]?.section));
      sections.forEach(({ seats, paths }, index) => {
        if (changes !== null && !stale.has(index)) return;
        /** @type {Record<string, string[]>} */
        const dots = { a: [], h: [], b: [], x: [] };
        // A line without length and with round ends is a dot, in a few letters.
        for (const { index: at, x, y } of seats) dots[states[at] ?? 'x']?.push(`M${x} ${y}h0`);
        for (const { state, path } of paths) path.setAttribute('d', dots[state]?.join('') ?? '');
      });
    },
    /** @param {ReadonlyMap<string, number>} shares how much of each standing section is taken, from 0 to 1 */
    fill(shares) {
      for (const { sectionId, taken, width } of fields)
        taken.setAttribute('width', String(width * (shares.get(sectionId) ?? 0)));
    },
    /** @param {readonly { index: number, state: State }[]} changes */
    flash(changes) {
      for (const { index, state } of changes.slice(-MOST_FRESH)) {
        const place = places[index];
        if (!place || fresh.childElementCount >= MOST_FRESH) continue;
        const ring = element('circle', {
          class: `fresh ${state}`,
          cx: place.x,
          cy: place.y,
          r: pitch * 0.5,
          'stroke-width': pitch * 0.2,
        });
        ring.addEventListener('animationend', () => ring.remove());
        setTimeout(() => ring.remove(), 1500);
        fresh.append(ring);
      }
    },
    /** @param {number | null} section null: the whole hall */
    show(section) {
      frame(section === null ? whole : (sections[section]?.box ?? whole));
    },
    /** @param {Place | null} place */
    mark(place) {
      cursor.setAttribute('visibility', place ? 'visible' : 'hidden');
      if (!place) return;
      cursor.setAttribute('cx', String(place.x));
      cursor.setAttribute('cy', String(place.y));
    },
    /** The seat at a point of the screen, if there is one. @param {number} clientX @param {number} clientY */
    placeAt(clientX, clientY) {
      const matrix = svg.getScreenCTM();
      if (!matrix) return null;
      const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(matrix.inverse());
      const near = places.filter((place) => Math.abs(place.x - x) < pitch * 0.5 && Math.abs(place.y - y) < pitch * 0.5);
      return near[0] ?? null;
    },
    /**
     * The seat that an arrow key leads to.
     *
     * @param {Place | null} from
     * @param {string} key
     */
    placeBeside(from, key) {
      if (!from) return places[0] ?? null;
      const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
      if (step !== undefined) return places[from.index + step] ?? from;
      const down = { ArrowUp: -1, ArrowDown: 1 }[key];
      if (down === undefined) return null;
      /** @type {Place | null} */
      let best = null;
      const costOf = (/** @type {Place} */ place) => Math.abs(place.y - from.y) * 2 + Math.abs(place.x - from.x);
      for (const place of places) {
        if (Math.sign(place.y - from.y) !== down || Math.abs(place.y - from.y) < pitch * 0.3) continue;
        if (!best || costOf(place) < costOf(best)) best = place;
      }
      return best ?? from;
    },
  };
}
