import { open } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { median } from '../load/ratio.ts';

/** What the absolute figures depend on. */
export interface Machine {
  cores: number;
  processor: string;
  memoryGiB: number;
  system: string;
  node: string;
  /** As the server under test says. */
  postgres: string | null;
  /** How long it takes until a page that was written is really on the disk where the database lies. */
  fsyncMs: number;
  /** Of one minute. What else runs takes from both sides, more from the one that needs more of the processor. */
  loadBefore: number;
}

const FSYNCS = 40;
const PAGE_BYTES = 8192;

/** @param folder where the database will lie */
export async function examineMachine(folder: string): Promise<Omit<Machine, 'postgres'>> {
  return {
    cores: os.availableParallelism(),
    processor: os.cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: os.totalmem() / 2 ** 30,
    system: `${os.type()} ${os.release()}`,
    node: process.versions.node,
    fsyncMs: await timeFsync(folder),
    loadBefore: os.loadavg()[0] ?? 0,
  };
}

async function timeFsync(folder: string): Promise<number> {
  await using file = await open(path.join(folder, 'fsync'), 'w');
  const page = Buffer.alloc(PAGE_BYTES);
  const times: number[] = [];
  for (let i = 0; i < FSYNCS; i += 1) {
    await file.write(page, 0, PAGE_BYTES, i * PAGE_BYTES);
    const began = performance.now();
    await file.sync();
    times.push(performance.now() - began);
  }
  return median(times);
}
