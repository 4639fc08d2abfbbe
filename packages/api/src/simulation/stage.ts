/** Everything that a history is played on. */
import { newId } from '@evently/db/ids';
import type { RefundTerms } from '@evently/db/schema';
import type { decide } from '../box-office/decide/decide.ts';
import type { ShowPlan } from '../box-office/plans.ts';
import type { BoxOfficeRequest } from '../box-office/requests.ts';
import { createWorld, NOW } from '../box-office/testing-world.ts';
import { createLedger, type Ledger } from './ledger.ts';
import type { Plot } from './plot.ts';
import type { ProviderBooks } from './provider.ts';
import type { Random } from './random.ts';
import { createSchedule, type Owner, type Schedule } from './schedule.ts';

/** What somebody was answered, and may count on from then on. */
export interface Promised {
  version: number;
  status: string;
}

/** A booking or a place in the line, and the request that it was made by. */
export interface Made {
  id: string;
  requestHash: string;
}

export interface Stage {
  random: Random;
  schedule: Schedule;
  ledger: Ledger;
  plan: ShowPlan;
  lock: ShowLock;
  rules: typeof decide;
  books: ProviderBooks;
  users: string[];
  /** From when on nothing goes wrong any more, so that everything can settle. */
  isCalm: boolean;
  /** Bookings by id, as their owners last heard of them. */
  promised: Map<string, Promised>;
  /** What each key was answered with. */
  keys: Map<string, Made>;
  /** The kinds of moves and refusals that there were. */
  seen: Set<string>;
  /** Mails that went out, each as its booking and its own id. */
  sent: Set<string>;
  /** The state of each booking and entry, as its history tells it. */
  states: Map<string, string>;
  /** For whom the free places of a section were saved before the last commit. */
  savedFor: Map<string, string>;
  /** The deadline of each booking, as its history tells it. */
  deadlines: Map<string, number>;
  tell: (line: () => string) => void;
  /** What was found to be wrong first; nothing after it counts. */
  wrong: string | null;
  blame: (what: string) => void;
}

/** The row lock of the show: whoever asks for it first has it first, and whoever dies with it gives it back. */
export interface ShowLock {
  take: (owner: Owner) => Promise<void>;
  release: (owner: Owner) => void;
}

function createLock(): ShowLock {
  let holder: Owner | null = null;
  let line: { owner: Owner; proceed: () => void }[] = [];
  function passOn(): void {
    line = line.filter(({ owner }) => !owner.isDead);
    const next = line.shift();
    holder = next?.owner ?? null;
    next?.proceed();
  }
  return {
    take: (owner) =>
      new Promise((resolve) => {
        line.push({ owner, proceed: resolve });
        if (holder === null) passOn();
      }),
    release(owner) {
      if (holder === owner) passOn();
    },
  };
}

/** Less and less goes back, with something kept. */
const TERMS: RefundTerms[] = [
  {
    from: null,
    policy: {
      ...{ id: 'policy', name: 'policy' },
      rules: [
        { hoursBefore: 1, refundPercent: 100, feeAmount: 0 },
        { hoursBefore: 0, refundPercent: 50, feeAmount: 30 },
      ],
    },
  },
];

export function createStage(plot: Plot, random: Random, tell: Stage['tell'], rules: Stage['rules']): Stage {
  const { standing, seated, startsIn, users } = plot;
  const startsAt = new Date(NOW.getTime() + startsIn * 60_000);
  const world = createWorld({
    ...{ standing, seated },
    price: random.pick([0, 500, 500, 500]),
    show: {
      startsAt,
      salesCloseAt: random.chance(0.3) ? new Date(startsAt.getTime() - 600_000) : startsAt,
      collectAtDoor: random.chance(0.1),
      maxPerBooking: 3 + random.below(2),
      holdSeconds: random.pick([60, 600]),
      refundTerms: random.chance(0.5) ? [] : TERMS,
    },
  });
  const [first] = world.sections.keys();
  const section = first && world.sections.get(first);
  // Sections differ in price, so that money that is counted for the wrong one shows.
  if (section) world.sections.set(section.sectionId, { ...section, price: section.price * 2 });
  const ledger = createLedger(world);
  const schedule = createSchedule(random, NOW, tell);
  const stage: Stage = {
    ...{ random, schedule, ledger, tell, rules },
    plan: planOf(ledger),
    lock: createLock(),
    books: { charges: new Map(), refunds: new Map() },
    users: Array.from({ length: users }, () => newId()),
    isCalm: false,
    ...{
      promised: new Map(),
      keys: new Map(),
      sent: new Set(),
      seen: new Set(),
      states: new Map(),
      savedFor: new Map(),
      deadlines: new Map(),
    },
    wrong: null,
    blame(what) {
      stage.wrong ??= what;
      tell(() => `WRONG: ${what}`);
    },
  };
  return stage;
}

function planOf({ show, sections, rows, seats }: Ledger): ShowPlan {
  return {
    showId: show.id,
    eventId: show.eventId,
    shard: show.shard,
    sectionIds: new Set(sections.keys()),
    layout: {
      layoutVersion: 1,
      sections: [...sections.values()].map(({ sectionId, kind }) => ({
        ...{ sectionId, kind, name: kind },
        rows: (rows.get(sectionId) ?? []).map((row, index) => ({ row: `${index + 1}`, seats: row })),
      })),
      seats,
    },
  };
}

/** A request in a line of the trace. */
export function describeRequest({ kind, ...rest }: BoxOfficeRequest): string {
  const facts = Object.entries(rest).filter(
    ([name, value]) => name !== 'requestHash' && value !== null && !(Array.isArray(value) && value.length === 0),
  );
  return `${kind} ${JSON.stringify(Object.fromEntries(facts))}`;
}
