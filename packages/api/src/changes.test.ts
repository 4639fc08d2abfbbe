import { expect, test } from 'vitest';
import { type Change, createChanges } from './changes.ts';

const show: Change = { kind: 'show', showId: 's', eventId: 'e' };

test('a change has reached every listener when it is told, even if one of them throws; who stopped listening hears nothing', () => {
  const logged: object[] = [];
  const changes = createChanges({ error: (facts) => void logged.push(facts) });
  const heard: unknown[] = [];
  changes.listen(() => {
    throw new Error('out of order');
  });
  const stop = changes.listen((change, origin) => void heard.push([change, origin]));
  changes.tell(show);
  changes.tell({ kind: 'all' }, 'elsewhere');
  expect(heard).toEqual([
    [show, 'here'],
    [{ kind: 'all' }, 'elsewhere'],
  ]);
  expect(logged).toHaveLength(2);
  stop();
  changes.tell(show);
  expect(heard).toHaveLength(2);
});
