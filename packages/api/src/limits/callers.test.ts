import { expect, test } from 'vitest';
import { addressKey } from './callers.ts';

test.each([
  ['203.0.113.7', 'a:203.0.113.7'],
  ['::ffff:203.0.113.7', 'a:203.0.113.7'],
  ['::FFFF:cb00:7107', 'a:203.0.113.7'],
  ['0:0:0:0:0:ffff:203.0.113.7', 'a:203.0.113.7'],
  ['203.0.113.7:51234', 'a:203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', 'a:2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::9', 'a:2001:db8:1:2::/64'],
  ['[2001:db8:1:2::9]:443', 'a:2001:db8:1:2::/64'],
  ['2001:db8::', 'a:2001:db8:0:0::/64'],
  ['::1', 'a:0:0:0:0::/64'],
  ['64:ff9b::203.0.113.7', 'a:64:ff9b:0:0::/64'],
  ['fe80::1%eth0', 'a:fe80:0:0:0::/64'],
])('%s is counted as %s', (address, key) => {
  expect(addressKey(address)).toBe(key);
});

test('what is no address counts as one caller, however many names it takes', () => {
  const names = [
    '',
    'unknown',
    '_hidden',
    '999.1.1.1',
    'a'.repeat(5000),
    '1.2.3.4, 5.6.7.8',
    '::ffff:999.0.0.1',
    '::1::2',
  ];
  expect(new Set(names.map(addressKey))).toEqual(new Set(['a:unknown']));
});
