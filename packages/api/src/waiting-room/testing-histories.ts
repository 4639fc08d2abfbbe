/** Random histories of a waiting room, for the properties. */
import fc from 'fast-check';
import { type Answer, OPERATIONS, type Operation, type RoomRules, type Summary } from './room-rules.ts';

/** What a step is made of; it becomes operations when it is known what was answered before. */
const step = fc.record({
  passes: fc.oneof(
    { weight: 6, arbitrary: fc.nat(3000) },
    { weight: 1, arbitrary: fc.constantFrom(21_000, 61_000, 95_000, 301_000) },
  ),
  operations: fc.array(
    fc.record({
      kind: fc.constantFrom(...OPERATIONS, 'join' as const, 'join' as const, 'status' as const, 'status' as const),
      user: fc.nat(11),
      /** Whose token is sent, and how it is wrong. */
      token: fc.constantFrom('own' as const, 'own' as const, 'none' as const, 'another' as const, 'later' as const),
    }),
    { maxLength: 6 },
  ),
  mode: fc.constantFrom(
    'auto' as const,
    'auto' as const,
    'auto' as const,
    'on' as const,
    'on' as const,
    'off' as const,
  ),
  maxActive: fc.integer({ min: 1, max: 5 }),
  rate: fc.integer({ min: 1, max: 4 }),
  remembers: fc.oneof(
    { weight: 20, arbitrary: fc.constant('all' as const) },
    { weight: 2, arbitrary: fc.constantFrom('nothing' as const, 'a later turn' as const) },
    { weight: 1, arbitrary: fc.constant('another memory' as const) },
  ),
});
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
export const histories = fc.array(step, { minLength: 20, maxLength: 60, size: 'max' });

const nameOf = (user: number) => `user-${String.fromCharCode(97 + user)}`;

/** What somebody was told last, as their tokens keep it. */
export interface Tokens {
  places: Map<string, number>;
  ends: Map<string, number>;
}

export const noTokens = (): Tokens => ({ places: new Map(), ends: new Map() });

export function operationsOf(tokens: Tokens, { operations }: Step, now: number): Operation[] {
  return operations.map(({ kind, user, token }) => {
    const userId = nameOf(user);
    const of = token === 'another' ? nameOf((user + 1) % 12) : userId;
    if (kind === 'held') return { kind, userId, value: token === 'none' ? now - 5 : now + 90_000 };
    if (kind !== 'join' && kind !== 'try') return { kind, userId, value: 0 };
    const known = (kind === 'join' ? tokens.places : tokens.ends).get(of) ?? 0;
    return { kind, userId, value: token === 'none' ? 0 : token === 'later' ? known + 1_000_000_000_000 : known };
  });
}

export const rulesOf = ({ mode, maxActive, rate }: Step): RoomRules => ({ mode, maxActive, rate });

export function rememberedOf({ remembers }: Step, last: Summary | null) {
  if (last === null || remembers === 'nothing') return { began: 0, served: 0 };
  if (remembers === 'another memory') return { began: last.began - 7, served: last.served + 2_000_000 };
  return { began: last.began, served: last.served + (remembers === 'a later turn' ? 2_000_000 : 0) };
}

export function keepTokens(tokens: Tokens, operations: readonly Operation[], answers: readonly Answer[]): void {
  for (const [index, { state, place, until }] of answers.entries()) {
    const { userId } = operations[index]!;
    if (state === 'queued') tokens.places.set(userId, place);
    if (state === 'admitted') tokens.ends.set(userId, until);
  }
}
