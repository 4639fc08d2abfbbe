/** The bill of the sample data. Every artist, company and work on it is invented. */
import type { Appointment, Weekday } from './local-time.ts';
import type { SampleVenueKey } from './venues.ts';

/** Integer minor units by the name of the section; a section without a price is not sold. */
type Prices = Readonly<Record<string, number>>;

interface Terms {
  /** Absent: sales open as soon as the event is published. */
  salesOpen?: Appointment;
  collectAtDoor?: boolean;
  maxPerBooking?: number;
}

export interface SampleShow extends Terms {
  venue: SampleVenueKey;
  start: Appointment;
  minutes: number;
  prices: Prices;
}

export interface SampleEvent {
  /** Part of the idempotency keys: once released, it stays. */
  key: string;
  name: string;
  description: string;
  category: string;
  tags: string[];
  shows: SampleShow[];
}

const at = (weeksAhead: number, weekday: Weekday, time: string): Appointment => ({ weeksAhead, weekday, time });

/** Shows that differ in nothing but when they start. */
function run(
  venue: SampleVenueKey,
  minutes: number,
  prices: Prices,
  starts: readonly Appointment[],
  terms: Terms = {},
): SampleShow[] {
  return starts.map((start) => ({ venue, start, minutes, prices, ...terms }));
}

const PLAY: Prices = {
  'Stalls Front': 6800,
  Stalls: 5200,
  'Boxes Left': 6200,
  'Boxes Right': 6200,
  Circle: 3900,
  Balcony: 1900,
};
const OPERA: Prices = {
  'Stalls Front': 14_500,
  Stalls: 11_000,
  'Boxes Left': 12_500,
  'Boxes Right': 12_500,
  Circle: 7900,
  Balcony: 3500,
};
const CABARET: Prices = { Tables: 2900, Benches: 2200 };
const MATINEE: Prices = { Tables: 1200, Benches: 900 };
const blocks = (side: number, corner: number, rear: number): Prices => ({
  'Block 101': side,
  'Block 102': side,
  'Block 103': corner,
  'Block 104': rear,
  'Block 105': rear,
  'Block 106': corner,
  'Block 107': side,
  'Block 108': side,
});
const ARENA_CONCERT: Prices = { 'Standing Floor': 6400, ...blocks(8200, 7200, 5900) };
const OPEN_AIR: Prices = { 'Lower Tiers': 4200, 'Upper Tiers': 3100, Lawn: 1800 };
const CONCERT_HALL: Prices = {
  'Parterre Front': 125_000,
  Parterre: 95_000,
  'Gallery Left': 60_000,
  'Gallery Right': 60_000,
  Balcony: 45_000,
};
const BANKS: Prices = { 'Centre Bank': 3800, 'Left Bank': 2900, 'Right Bank': 2900 };

export const sampleEvents: readonly SampleEvent[] = [
  {
    key: 'open-decks',
    name: 'Open Decks at Low Tide',
    description:
      'One room, one sound system, eight newcomers with half an hour each. Bring records or just bring friends: the door opens at ten, and by midnight nobody remembers who was supposed to be the headliner.\n\nEntry is free, but the room is small. Please book so that we know you are coming, and give your place back if you are not.',
    category: 'club',
    tags: ['electronic', 'newcomers', 'free'],
    shows: run(
      'mareBaixa',
      300,
      { 'Dance Floor': 0 },
      [at(1, 'friday', '22:00'), at(2, 'friday', '22:00'), at(3, 'friday', '22:00'), at(4, 'friday', '22:00')],
      { maxPerBooking: 4 },
    ),
  },
  {
    key: 'penguins',
    name: 'Nobody Told the Penguins',
    description:
      'Two comedians, one piano and a slide projector that has opinions of its own. Fräulein & Dachs explain the climate, the family dinner and the Austrian art of complaining, in no particular order and with at least one song about refrigerators.',
    category: 'comedy',
    tags: ['cabaret', 'music', 'satire'],
    shows: run('pfauenkeller', 120, CABARET, [
      at(1, 'thursday', '20:00'),
      at(2, 'thursday', '20:00'),
      at(3, 'saturday', '20:00'),
    ]),
  },
  {
    key: 'silent-tuesday',
    name: "Silent Tuesday: The Lighthouse Keeper's Cat",
    description:
      'A silent comedy of storms, sardines and one very patient cat, newly restored from the only surviving print. At the piano, a different improviser every week: no two screenings sound the same.',
    category: 'film',
    tags: ['silent film', 'live piano', 'classic'],
    shows: run('petrolejka', 95, { Auditorium: 22_000 }, [
      at(1, 'tuesday', '20:15'),
      at(2, 'tuesday', '20:15'),
      at(3, 'tuesday', '20:15'),
      at(4, 'tuesday', '20:15'),
    ]),
  },
  {
    key: 'bridges',
    name: 'Why Bridges Sing',
    description:
      'Every bridge hums, and engineers listen. An evening about wind, resonance and the small repairs that keep large things standing, with a tabletop footbridge that the audience is invited to set swinging.\n\nPay at the door, in cash or by card. The bar stays open for questions.',
    category: 'talk',
    tags: ['science', 'engineering'],
    shows: run('tanyard', 90, { 'Centre Bank': 800, 'Left Bank': 800, 'Right Bank': 800 }, [at(2, 'monday', '19:00')], {
      collectAtDoor: true,
    }),
  },
  {
    key: 'captain-button',
    name: 'Captain Button Sails the Bathtub',
    description:
      'A puppet voyage for everybody from four upwards. The plug has been pulled, the rubber duck has mutinied, and only the audience knows the way to the towel. About fifty minutes, no interval, splashes unlikely.',
    category: 'family',
    tags: ['puppets', 'children', 'matinee'],
    shows: run('pfauenkeller', 50, MATINEE, [
      at(1, 'sunday', '11:00'),
      at(2, 'sunday', '11:00'),
      at(2, 'sunday', '14:30'),
    ]),
  },
  {
    key: 'cartographer',
    name: "The Cartographer's Daughter",
    description:
      'When the royal mapmaker goes blind, his daughter draws the coast that he describes, and quietly adds an island of her own. Ships set out to find it. Some of them come back.\n\nA play in two acts about invention, inheritance and the price of a good story, played by the ensemble of the house. With one interval.',
    category: 'theatre',
    tags: ['drama', 'ensemble', 'premiere'],
    shows: run('lindengrund', 150, PLAY, [
      at(2, 'friday', '19:30'),
      at(2, 'saturday', '19:30'),
      at(3, 'thursday', '19:30'),
      at(3, 'sunday', '15:00'),
    ]),
  },
  {
    key: 'understudies',
    name: 'The Understudies',
    description:
      'The leads are stuck on a train outside Crewe, the curtain is up, and four people who know every line except their own must get through the night. A backstage comedy played on three sides, close enough to hear the whispering.',
    category: 'theatre',
    tags: ['comedy', 'new writing', 'matinee'],
    shows: run('tanyard', 125, BANKS, [
      at(3, 'wednesday', '19:30'),
      at(3, 'thursday', '19:30'),
      at(3, 'saturday', '14:30'),
      at(3, 'saturday', '19:30'),
    ]),
  },
  {
    key: 'gravity-lessons',
    name: 'Gravity Lessons',
    description:
      'Nine dancers, forty ladders and a floor that is not always where it was. The Perpendicular Company returns with its study of falling: seventy minutes without interval, set to a score for strings and elevator motors.',
    category: 'dance',
    tags: ['contemporary', 'acrobatics'],
    shows: run('foundry', 70, { Orchestra: 7500, Mezzanine: 4800 }, [
      at(4, 'thursday', '19:30'),
      at(4, 'friday', '20:00'),
      at(4, 'saturday', '14:00'),
      at(4, 'saturday', '20:00'),
    ]),
  },
  {
    key: 'river-symphony',
    name: 'Orchestra of the Seven Bridges: The River Symphony',
    description:
      'A serenade for winds, a concerto for bass clarinet in its first performance, and after the interval the great symphony that the orchestra was founded to play: the river from its spring to the sea, in five movements without a pause. Introduction in the foyer half an hour before the concert.',
    category: 'concert',
    tags: ['classical', 'orchestra', 'premiere'],
    shows: run('sevenBridges', 115, CONCERT_HALL, [at(5, 'thursday', '19:30'), at(5, 'sunday', '17:00')]),
  },
  {
    key: 'copper-herons',
    name: 'The Copper Herons: The Long Way Round',
    description:
      'Two drummers, a brass section and choruses made for the last row. The Copper Herons take their third album around the continent, from the arena to the open air. Doors open ninety minutes before the show; support to be announced.',
    category: 'concert',
    tags: ['indie', 'brass', 'tour'],
    shows: [
      ...run('havelbogen', 150, ARENA_CONCERT, [at(6, 'friday', '20:00'), at(6, 'saturday', '20:00')]),
      ...run('gaivota', 150, OPEN_AIR, [at(8, 'saturday', '21:00')]),
    ],
  },
  {
    key: 'night-of-the-tides',
    name: 'Night of the Tides',
    description:
      'Fado under the sky. Three voices and two guitars tell the songs of the harbour from the first departure to the last return, and at the end, as custom will have it, the audience sings the refrain alone. Cushions are handed out at the gate; if it rains, we wait.',
    category: 'concert',
    tags: ['fado', 'open air'],
    shows: run('gaivota', 105, OPEN_AIR, [at(7, 'friday', '21:00'), at(7, 'saturday', '21:00')]),
  },
  {
    key: 'havel-cup',
    name: 'Havel Cup: Indoor Handball Finals',
    description:
      'Four teams, two days, one cup that is dented for reasons nobody will discuss. Both semi-finals are played on Saturday; the match for third place and the final follow on Sunday. The floor belongs to the players: there are seats only.',
    category: 'sport',
    tags: ['handball', 'finals', 'weekend'],
    shows: run('havelbogen', 240, blocks(3400, 2600, 1900), [at(9, 'saturday', '16:00'), at(9, 'sunday', '14:00')]),
  },
  {
    key: 'line-nineteen',
    name: 'Line Nineteen',
    description:
      'A musical that takes place on a single subway ride. Eleven strangers, nine stops, one busker who knows them all; the doors open, the doors close, and somebody always stays on a little longer than planned.',
    category: 'musical',
    tags: ['new york', 'new writing', 'live band'],
    shows: run('foundry', 135, { Orchestra: 11_900, Mezzanine: 7900 }, [
      at(10, 'friday', '20:00'),
      at(10, 'saturday', '20:00'),
      at(10, 'sunday', '15:00'),
    ]),
  },
  {
    key: 'clockmaker',
    name: 'The Clockmaker of Hallstein',
    description:
      'An opera in three acts. A village pays its clockmaker to make the winter shorter, and he does; nobody asks where the hours have gone until they come back, all at once, on the night of the harvest ball.\n\nSung in German with English surtitles. The last performance goes on sale separately.',
    category: 'opera',
    tags: ['premiere', 'surtitles', 'orchestra'],
    shows: [
      ...run('lindengrund', 190, OPERA, [at(10, 'saturday', '18:30'), at(11, 'wednesday', '19:00')]),
      ...run('lindengrund', 190, OPERA, [at(12, 'sunday', '16:00')], { salesOpen: at(1, 'monday', '10:00') }),
    ],
  },
];
