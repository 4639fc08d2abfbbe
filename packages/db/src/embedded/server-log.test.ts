import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openServerLog } from './server-log.ts';

function makeLogFile(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'evently-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return path.join(folder, 'postgres.log');
}

test('the log starts empty, and the previous one is kept beside it', () => {
  const file = makeLogFile();
  openServerLog(file).write(Buffer.from('the first run\n'));
  openServerLog(file).write(Buffer.from('the second run\n'));
  expect(readFileSync(file, 'utf8')).toBe('the second run\n');
  expect(readFileSync(`${file}.old`, 'utf8')).toBe('the first run\n');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a server that talks without end fills a few megabytes and no more', () => {
  const file = makeLogFile();
  const log = openServerLog(file);
  for (let chunk = 0; chunk < 100; chunk += 1) log.write(Buffer.alloc(64 * 1024, 'x'));
  const sizes = readdirSync(path.dirname(file)).map((name) => statSync(path.join(path.dirname(file), name)).size);
  expect(sizes).toHaveLength(2);
  expect(Math.max(...sizes)).toBeLessThan(1.2 * 1024 * 1024);
});
