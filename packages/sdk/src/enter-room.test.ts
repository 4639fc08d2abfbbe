import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createEvently } from './create-evently.ts';
import { isProblem } from './error.ts';
import { answer, breakDown, refuse, succeed } from './testing.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const client = (fetch: ReturnType<typeof answer>['fetch']) =>
  createEvently({ url: 'http://evently.test', retries: 0, fetch });
const queued = (position: number) =>
  succeed({ state: 'queued', position, pollAfterMs: 5000, queueToken: `place.${position}.x` });
const admitted = succeed({ state: 'admitted', pollAfterMs: 30_000, admissionToken: 'a.b.c', expiresAt: new Date() });
const calls = ({ requests }: ReturnType<typeof answer>) =>
  requests.map(({ url, input }) => [url.pathname.slice(6), input.queueToken]);

test('where nobody has to wait there is no token, and one call', async () => {
  const server = answer(succeed({ state: 'open', pollAfterMs: 2000 }));
  expect(await client(server.fetch).waitingRoom.enter({ showId: 's' })).toBe(null);
  expect(calls(server)).toEqual([['waitingRoom.join', undefined]]);
});

test('it asks when it is told to, says where one stands, and answers the token', async () => {
  const server = answer(queued(2), queued(1), admitted);
  const seen: (number | undefined)[] = [];
  const onPosition = ({ position }: { position?: number | undefined }) => void seen.push(position);
  const entering = client(server.fetch).waitingRoom.enter({ showId: 's' }, { onPosition });
  await vi.advanceTimersByTimeAsync(4999);
  expect(server.requests).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(5001);
  expect(await entering).toBe('a.b.c');
  expect(seen).toEqual([2, 1]);
  expect(calls(server).map(([path]) => path)).toEqual(['waitingRoom.join', 'waitingRoom.status', 'waitingRoom.status']);
});

test('a place that was lost is found again by its token, and an outage does not end the waiting', async () => {
  const server = answer(queued(7), breakDown, refuse({ code: 'not_found' }, 404), queued(6), admitted);
  const entering = client(server.fetch).waitingRoom.enter({ showId: 's', queueToken: 'kept.by.page' });
  await vi.advanceTimersByTimeAsync(20_000);
  expect(await entering).toBe('a.b.c');
  expect(calls(server)).toEqual([
    ['waitingRoom.join', 'kept.by.page'],
    ['waitingRoom.status', undefined],
    ['waitingRoom.status', undefined],
    ['waitingRoom.join', 'place.7.x'],
    ['waitingRoom.status', undefined],
  ]);
});

test('it ends with the signal, with a refusal, and with a server that stays away', async () => {
  const controller = new AbortController();
  const waiting = client(answer(queued(1)).fetch).waitingRoom.enter({ showId: 's' }, { signal: controller.signal });
  const aborted = waiting.catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(1000);
  controller.abort(new Error('enough'));
  expect(await aborted).toMatchObject({ message: 'enough' });
  const refused = client(answer(refuse({ code: 'not_found' }, 404)).fetch).waitingRoom.enter({ showId: 's' });
  await expect(refused).rejects.toSatisfy((error) => isProblem(error, 'not_found'));
  const server = answer(breakDown);
  const away = client(server.fetch)
    .waitingRoom.enter({ showId: 's' })
    .catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(100_000);
  expect(isProblem(await away, 'unavailable')).toBe(true);
  expect(server.requests).toHaveLength(20);
});
