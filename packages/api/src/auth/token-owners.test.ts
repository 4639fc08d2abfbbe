import { expect, test } from 'vitest';
import { type Change, createChanges } from '../changes.ts';
import { createTokenOwners } from './token-owners.ts';

test.each<Change>([{ kind: 'session', id: 'a' }, { kind: 'user', userId: 'ada' }, { kind: 'all' }])(
  '$kind: on whoever had a session that ended nothing is counted any more; nobody stays nobody',
  (change) => {
    const changes = createChanges({ error: () => undefined });
    const owners = createTokenOwners(changes);
    owners.keep('a', 'ada');
    owners.keep('forged', null);
    changes.tell({ kind: 'listings' });
    expect([owners.find('a'), owners.find('forged'), owners.find('unseen')]).toEqual(['ada', null, undefined]);
    changes.tell(change);
    expect([owners.find('a'), owners.find('forged')]).toEqual([undefined, null]);
  },
);

test('a token whose session has ended is nobody’s', () => {
  const owners = createTokenOwners(createChanges({ error: () => undefined }));
  owners.keep('a', 'ada');
  owners.keep('a', null);
  expect(owners.find('a')).toBeNull();
});
