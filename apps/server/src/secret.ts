import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Settings } from './settings.ts';

const BYTES = 32;

/** What tokens are signed with: SECRET, or else what was made up once and lies in DATA_DIR, for its owner alone to read. */
export async function findSecret({ secret, dataDir }: Pick<Settings, 'secret' | 'dataDir'>): Promise<string> {
  if (secret !== null) return secret;
  const file = path.join(dataDir, 'secret');
  const known = await readSecret(file);
  if (known !== null) return known;
  await mkdir(dataDir, { recursive: true, mode: 0o755 });
  const own = `${file}.${randomUUID()}`;
  await writeFile(own, randomBytes(BYTES).toString('base64url'), { mode: 0o600 });
  try {
    // Appears whole, and only if no process that starts at the same moment was faster.
    await link(own, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await rm(own, { force: true });
  }
  return await readFile(file, 'utf8');
}

async function readSecret(file: string): Promise<string | null> {
  try {
    return (await readFile(file, 'utf8')) || null;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
