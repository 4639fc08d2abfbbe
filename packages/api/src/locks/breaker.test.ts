import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createBreaker } from './breaker.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A breaker before something whose health the test decides, and what became of it. */
function createPatient() {
  const probes: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const changes: string[] = [];
  const breaker = createBreaker({
    probe: () => new Promise<void>((resolve, reject) => probes.push({ resolve, reject })),
    onChange: (isClosed, reason) => changes.push(isClosed ? 'closed' : `open: ${reason}`),
  });
  const answerProbe = async (answer: 'well' | 'ill') => {
    if (answer === 'well') probes.at(-1)?.resolve();
    else probes.at(-1)?.reject(new Error('still ill'));
    await vi.advanceTimersByTimeAsync(0);
  };
  return { breaker, probes, changes, answerProbe };
}

test('one failure opens it; after a second one probe is made, and its success closes it', async () => {
  const { breaker, probes, changes, answerProbe } = createPatient();
  expect(breaker.state()).toBe('closed');
  breaker.failed('away');
  breaker.failed('away, says another');
  expect(breaker.state()).toBe('open');
  await vi.advanceTimersByTimeAsync(999);
  expect([breaker.state(), probes.length]).toEqual(['open', 0]);
  await vi.advanceTimersByTimeAsync(1);
  expect([breaker.state(), probes.length]).toEqual(['half-open', 1]);
  await vi.advanceTimersByTimeAsync(60_000);
  breaker.failed('a caller from before');
  expect([breaker.state(), probes.length]).toEqual(['half-open', 1]);
  await answerProbe('well');
  expect(breaker.state()).toBe('closed');
  expect(changes).toEqual(['open: away', 'closed']);
});

test('each failed probe doubles the rest, up to half a minute', async () => {
  const { breaker, probes, changes, answerProbe } = createPatient();
  breaker.failed('away');
  for (const [made, seconds] of [1, 2, 4, 8, 16, 30, 30].entries()) {
    await vi.advanceTimersByTimeAsync(seconds * 1000 - 1);
    expect(probes).toHaveLength(made);
    await vi.advanceTimersByTimeAsync(1);
    expect(probes).toHaveLength(made + 1);
    await answerProbe('ill');
    expect(breaker.state()).toBe('open');
  }
  expect(changes).toEqual(['open: away']);
});

test('what comes back and fails again at once rests for longer; after half a minute of health all is forgotten', async () => {
  const { breaker, probes, answerProbe } = createPatient();
  const failAndRest = async (seconds: number) => {
    const before = probes.length;
    breaker.failed('away');
    await vi.advanceTimersByTimeAsync(seconds * 1000 - 1);
    expect(probes).toHaveLength(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(probes).toHaveLength(before + 1);
    await answerProbe('well');
  };
  await failAndRest(1);
  await failAndRest(2);
  await failAndRest(4);
  await vi.advanceTimersByTimeAsync(30_000);
  await failAndRest(1);
});

test('hope has it probe at once, but never twice at the same time, and not while it is closed', async () => {
  const { breaker, probes, answerProbe } = createPatient();
  breaker.retryNow();
  expect([breaker.state(), probes.length]).toEqual(['closed', 0]);
  breaker.failed('away');
  breaker.retryNow();
  breaker.retryNow();
  expect([breaker.state(), probes.length]).toEqual(['half-open', 1]);
  await answerProbe('ill');
  await vi.advanceTimersByTimeAsync(1999);
  expect(probes).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(probes).toHaveLength(2);
});

test('answers that come late open it only when no other has come in time for a second', async () => {
  const { breaker } = createPatient();
  breaker.late();
  await vi.advanceTimersByTimeAsync(900);
  breaker.late();
  breaker.succeeded();
  await vi.advanceTimersByTimeAsync(900);
  breaker.late();
  await vi.advanceTimersByTimeAsync(999);
  breaker.late();
  expect(breaker.state()).toBe('closed');
  await vi.advanceTimersByTimeAsync(1);
  breaker.late();
  expect(breaker.state()).toBe('open');
});

test('ended during a rest it leaves nothing to wait for', async () => {
  const { breaker, probes } = createPatient();
  breaker.failed('away');
  await breaker.end();
  expect(vi.getTimerCount()).toBe(0);
  breaker.retryNow();
  expect(probes).toHaveLength(0);
});

test('once ended it probes no more, and its end waits for the probe that is under way', async () => {
  const { breaker, probes, answerProbe } = createPatient();
  breaker.failed('away');
  await vi.advanceTimersByTimeAsync(1000);
  let hasEnded = false;
  const ended = breaker.end().then(() => {
    hasEnded = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  expect(hasEnded).toBe(false);
  await answerProbe('ill');
  await ended;
  breaker.retryNow();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(probes).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});
