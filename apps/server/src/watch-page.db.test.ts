import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createEvently } from '@evently/sdk';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  admin,
  cleanUpProcesses,
  findFreePort,
  known,
  makeFolder,
  openShow,
  type RunningServer,
  signIn,
  spawnNode,
  startServer,
} from './test-process.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const program = (process.env.PATH ?? '')
  .split(path.delimiter)
  .flatMap((folder) => NAMES.map((name) => path.join(folder, name)))
  .find((file) => existsSync(file));

const suite = 'the page that shows a hall live';
const why = 'there is no chromium on PATH';
if (program === undefined) console.warn(`SKIPPED: ${suite}: ${why}`);
const commandFile = path.join(import.meta.dirname, 'evently.ts');

const PATIENT = { timeout: 20_000 };
const RUSH = ['--buyers', '150', '--seats', '60', '--places', '40', '--seconds', '4'];

let server: RunningServer;
let browser: Browser;
let environment: Record<string, string>;
let folder: string;

interface Watched extends AsyncDisposable {
  page: Page;
  /** What the browser complained about. */
  faults: string[];
}

async function openPage(url: string, viewport = { width: 1280, height: 900 }): Promise<Watched> {
  const page = await browser.newPage({ viewport });
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  await page.goto(url);
  return { page, faults, [Symbol.asyncDispose]: () => page.close() };
}

// What runs in the browser is text: our types know no document.
const number = (id: string) => `Number(document.getElementById('${id}').textContent.replace(/\\D/g, '') || NaN)`;
const dots = `Object.fromEntries(['a', 'h', 'b', 'x'].map((state) => [state, [...document.querySelectorAll('#hall path.' + state)]
  .reduce((sum, path) => sum + (path.getAttribute('d') ?? '').split('M').length - 1, 0)]))`;

/** What the server says of the show's seats, counted as the page draws them. */
async function readHall(showId: string) {
  const { states, sections } = await createEvently({ url: server.url }).events.seatStates({ showId });
  const drawn = Object.fromEntries(['a', 'h', 'b', 'x'].map((state) => [state, states.split(state).length - 1]));
  return { drawn, available: sections.reduce((sum, { available }) => sum + available, 0) };
}

describe.skipIf(program === undefined)(program === undefined ? `${suite} (skipped: ${why})` : suite, () => {
  beforeAll(async () => {
    folder = makeFolder();
    environment = { ...known, DATA_DIR: folder, PORT: String(await findFreePort()), REDIS: 'off' };
    server = await startServer(environment, folder);
    const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
    browser = await chromium.launch({ executablePath: program!, args });
  });
  afterAll(async () => {
    await browser?.close();
    await cleanUpProcesses();
  });

  test('changes while a crowd races, without being asked, and ends with what the server has', async () => {
    const rush = spawnNode([commandFile, 'rush', '--url', server.url, ...RUSH], environment, folder);
    const [url, showId = ''] = await rush.until(/http\S+\/watch\/([\w-]+)/);
    await using watched = await openPage(url);
    const { page, faults } = watched;
    await page.waitForSelector('[data-connection=live]');
    // Asked from outside: the page itself may not evaluate anything.
    await expect.poll(() => page.evaluate(number('sold')), PATIENT).toBeGreaterThan(0);
    expect((await rush.ended).code).toBe(0);
    await expect.poll(() => page.evaluate(dots), PATIENT).toEqual((await readHall(showId)).drawn);
    const { available } = await readHall(showId);
    await expect.poll(() => page.evaluate(number('available')), PATIENT).toBe(available);
    expect(faults).toEqual([]);
  });

  test('can be read with a keyboard and on a phone', async () => {
    const { showId } = await openShow(await signIn(server.url, admin));
    await using watched = await openPage(`${server.url}/watch/${showId}`, { width: 360, height: 740 });
    const { page, faults } = watched;
    await page.waitForSelector('[data-connection=live]');
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await page.focus('#plan');
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
    await expect.poll(() => page.textContent('#seat'), PATIENT).toBe('Stalls, row 1, seat 3: available, free');
    await page.focus('#sections button');
    await page.keyboard.press('Enter');
    expect(await page.getAttribute('#sections button', 'aria-pressed')).toBe('true');
    expect(faults).toEqual([]);
  });

  test('says so when there is no such show', async () => {
    await using watched = await openPage(`${server.url}/watch/${randomUUID()}`);
    await expect.poll(() => watched.page.textContent('#notice'), PATIENT).toBe('There is no such show.');
  });
});
