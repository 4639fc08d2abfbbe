import { TOKENS } from './provider.ts';
import type { Random } from './random.ts';

/** What a history is mostly about. */
type Mood = 'sale' | 'money' | 'one booking' | 'line' | 'long line';

const MOODS: readonly Mood[] = ['sale', 'sale', 'money', 'one booking', 'line', 'long line'];

const CLAIMS = [
  'hold',
  'hold',
  'hold',
  'book',
  'book',
  'book',
  'book',
  'again',
  'again',
  'again',
  'other request',
] as const;
const CHANGES = [
  'confirm',
  'confirm',
  'confirm',
  'confirm',
  'release',
  'extend',
  'cancel',
  'cancel for somebody',
] as const;
const ORGANISER = ['block', 'unblock', 'capacity', 'reschedule'] as const;
const LINE = ['join', 'join', 'join', 'join', 'accept', 'accept', 'leave', 'decline'] as const;
const ENDINGS = ['cancel', 'cancel', 'cancel for somebody', 'release', 'capacity', 'unblock'] as const;

type Kind = (typeof CLAIMS)[number] | (typeof CHANGES)[number] | (typeof ORGANISER)[number] | (typeof LINE)[number];

const KINDS: Record<Mood, readonly Kind[]> = {
  sale: [...CLAIMS, ...CLAIMS, ...CHANGES, ...ORGANISER, 'join'],
  money: [
    ...CLAIMS,
    ...CHANGES,
    'book',
    'book',
    'confirm',
    'confirm',
    'confirm',
    'confirm',
    'cancel',
    'cancel',
    'block',
  ],
  'one booking': ['confirm', 'confirm', 'confirm', 'confirm', 'cancel', 'cancel', 'release', 'extend', 'hold'],
  line: [...CLAIMS, ...CHANGES, ...LINE, ...LINE, ...ORGANISER, 'confirm', 'cancel', 'cancel', 'cancel'],
  'long line': [...LINE, ...ENDINGS, ...ENDINGS, 'accept', 'accept', 'book'],
};

const OFTEN_FROZEN = [...TOKENS, 'frozen', 'frozen', 'frozen', 'late', 'late'] as const;

/** What somebody is about to do. Its numbers choose among what there is at that moment. */
export interface Intent {
  kind: Kind | 'cancel show';
  user: number;
  pick: number;
  /** Mostly the owner acts, sometimes a stranger does. */
  isStranger: boolean;
  seats: number[];
  section: number;
  quantity: number;
  token: (typeof TOKENS)[number] | null;
  isPart: boolean;
  refund: 'policy' | 'full' | 'none';
}

/** The hall, the people, and all that will be tried, in this order; one may begin before the last one has ended. */
export interface Plot {
  users: number;
  standing: number[];
  seated: { rows: number; seats: number }[];
  /** From now until the show begins, in minutes. */
  startsIn: number;
  intents: Intent[];
}

/** Enough to be in one another's way, few enough to be read. */
const FEWEST = 4;
const MOST = 18;

/** Halls are small: the smaller, the sooner people are in one another's way. */
export function drawPlot(random: Random): Plot {
  const mood = random.pick(MOODS);
  const isLine = mood === 'line' || mood === 'long line';
  const seated = [{ rows: 1 + random.below(2), seats: 2 + random.below(3) }];
  const count = FEWEST + random.below(MOST - FEWEST + 1);
  const drawAny = () => Array.from({ length: count }, () => drawIntent(random, mood));
  const intents =
    mood === 'long line' ? drawLongLine(random) : mood === 'one booking' ? drawOneBooking(random) : drawAny();
  return {
    users: isLine ? 8 : 3,
    standing: [2 + random.below(isLine ? 3 : 4)],
    seated: mood === 'long line' || (isLine && random.chance(0.5)) ? [] : seated,
    startsIn: random.pick(isLine ? [60, 4000, 4000, 4000] : [20, 60, 1440]),
    intents,
  };
}

/** One booking that is paid again and again, and cancelled, while some of its charges are on their way. */
function drawOneBooking(random: Random): Intent[] {
  const draw = (change: Partial<Intent>) => ({ ...drawIntent(random, 'one booking'), ...change });
  const later = Array.from({ length: 4 + random.below(8) }, () => draw({ pick: 0, isPart: random.chance(0.2) }));
  return [draw({ kind: 'hold' }), draw({ kind: 'confirm', pick: 0, token: 'frozen' }), ...later];
}

/** A show that is sold out first; then people wait, and what was sold comes back bit by bit. */
function drawLongLine(random: Random): Intent[] {
  const draw = (count: number, change: (index: number) => Partial<Intent>) =>
    Array.from({ length: count }, (_, index) => ({ ...drawIntent(random, 'long line'), ...change(index) }));
  return [
    ...draw(6, (user) => ({ kind: 'book', user, seats: [], quantity: 0, token: 'ok' })),
    ...draw(6, () => ({ kind: 'join', seats: [] })),
    ...draw(14, () => ({})),
  ];
}

function drawIntent(random: Random, mood: Mood): Intent {
  return {
    kind: random.chance(0.01) ? 'cancel show' : random.pick(KINDS[mood]),
    user: random.below(24),
    // Money is most interesting where it comes for the same booking more than once.
    pick: mood === 'money' && random.chance(0.7) ? random.below(2) : random.below(100),
    isStranger: random.chance(0.05),
    seats: Array.from({ length: random.below(3) }, () => random.below(20)),
    section: random.below(2),
    quantity: random.below(3),
    token: random.chance(0.1) ? null : random.pick(mood === 'money' || mood === 'one booking' ? OFTEN_FROZEN : TOKENS),
    isPart: random.chance(0.5),
    refund: random.pick(['policy', 'full', 'none']),
  };
}
