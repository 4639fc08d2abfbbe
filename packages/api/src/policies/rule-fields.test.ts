import { expect, test } from 'vitest';
import { ruleFields } from './rule-fields.ts';

const rule = { hoursBefore: 24, refundPercent: 50, feeAmount: 0 };

test.each([
  ['0.refundPercent', [{ ...rule, refundPercent: 101 }]],
  ['0.refundPercent', [{ ...rule, refundPercent: -1 }]],
  ['0.feeAmount', [{ ...rule, feeAmount: -1 }]],
  ['0.hoursBefore', [{ ...rule, hoursBefore: 0.5 }]],
  ['2.hoursBefore', [rule, { ...rule, hoursBefore: 48 }, { ...rule, refundPercent: 10 }]],
  ['', Array.from({ length: 21 }, (_, hoursBefore) => ({ ...rule, hoursBefore }))],
])('rules with a bad %s are refused by that name', (path, rules) => {
  const { error } = ruleFields.safeParse(rules);
  expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
});

test('rules may come in any order, and there may be none', () => {
  for (const rules of [[], [rule, { ...rule, hoursBefore: 72 }]]) expect(ruleFields.parse(rules)).toEqual(rules);
});
