import { createRoom, forgetLine, type Room, runRoom } from './room.ts';
import type { Answer, Operation, Remembered, RoomRules, Summary } from './room-rules.ts';

/** A room's answer, and what else it told of itself. */
export interface Told {
  answer: Answer;
  summary: Summary;
}

/** What one process has of the waiting room of a show. */
export interface ShowRoom {
  readonly showId: string;
  /** The room itself where no Redis has it; else those who are active here. */
  readonly own: Room;
  /** Whose answers were given last; they change when Redis goes away or comes back. */
  keeper: 'own' | 'redis';
  remembered: Remembered;
  /** What Redis said last: whether it is on, how many are active elsewhere, and when, by the monotonic clock. */
  isOn: boolean;
  activeElsewhere: number;
  heardAt: number;
  waiting: number;
  hasBeenOn: boolean;
}

export const createShowRoom = (showId: string, now: number): ShowRoom => ({
  showId,
  own: createRoom(now),
  keeper: 'own',
  remembered: { began: 0, served: 0 },
  isOn: false,
  activeElsewhere: 0,
  heardAt: Number.NEGATIVE_INFINITY,
  waiting: 0,
  hasBeenOn: false,
});

/** Asks the room of this process. */
export function askOwn(room: ShowRoom, rules: RoomRules, operation: Operation, now: number): Told {
  if (room.keeper === 'redis') {
    // Whatever Redis gave since is older than this memory, which takes people's tokens for it.
    forgetLine(room.own, now);
    room.keeper = 'own';
  }
  const { answers, summary } = runRoom(room.own, rules, [operation], now, room.remembered);
  hear(room, summary, 0, 0);
  return { answer: answers[0]!, summary };
}

/** Remembers what a room told of itself. */
export function hear(room: ShowRoom, summary: Summary, activeElsewhere: number, heardAt: number): void {
  const { began, served, isOn, waiting } = summary;
  // Where nobody waits, nobody has to be waited for should the memory be lost.
  room.remembered = { began: waiting > 0 ? began : 0, served };
  room.isOn = isOn;
  room.hasBeenOn ||= isOn;
  room.waiting = waiting;
  room.activeElsewhere = activeElsewhere;
  room.heardAt = heardAt;
}

/** For what has happened, whatever the rules are now: nobody is admitted, and the room neither opens nor closes. */
export const FACTS_ONLY: RoomRules = { mode: 'auto', maxActive: 0, rate: 0 };

/** Tells the room of this process what has happened. */
export function note({ own }: ShowRoom, operation: Operation, now: number): void {
  runRoom(own, FACTS_ONLY, [operation], now);
}
