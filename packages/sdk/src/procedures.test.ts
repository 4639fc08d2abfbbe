import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { PROCEDURES_FILE, renderProcedures } from '../scripts/generate.ts';

test('the table of procedures is the router as it is now', async () => {
  const file = await readFile(PROCEDURES_FILE, 'utf8');
  expect(file === renderProcedures(), 'packages/sdk/src/procedures.ts is stale; run: pnpm generate').toBe(true);
});
