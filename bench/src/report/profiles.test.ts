import { expect, test } from 'vitest';
import { type CpuProfile, heaviestFunctions } from './profiles.ts';

const frame = (functionName: string, url = '', lineNumber = -1) => ({ functionName, url, lineNumber });

const profile: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(idle)') },
    { id: 2, callFrame: frame('decide', 'file:///home/ada/evently/packages/api/src/box-office/decide/decide.ts', 9) },
    { id: 3, callFrame: frame('', 'file:///x/node_modules/.pnpm/pg@8/node_modules/pg/lib/client.js', 0) },
    // The same function, called from elsewhere.
    { id: 4, callFrame: frame('decide', 'file:///home/ada/evently/packages/api/src/box-office/decide/decide.ts', 9) },
  ],
  samples: [1, 2, 3, 4, 1],
  // The first delta precedes the first sample; the last sample's length is unknown.
  timeDeltas: [500, 9000, 1000, 2000, 2000],
};

test('a function counts wherever it was called from, by its own time, as a share of the time in which anything ran', () => {
  expect(heaviestFunctions(profile, 10)).toEqual([
    { name: 'decide packages/api/src/box-office/decide/decide.ts:10', share: 0.6, ms: 3 },
    { name: '(anonymous) pg/lib/client.js:1', share: 0.4, ms: 2 },
  ]);
  expect(heaviestFunctions(profile, 1)).toHaveLength(1);
});
