/** The map for short-lived entries. */
import { expect, test } from 'vitest';
import { ById } from '../../sandbox/by-id.ts';

const ids = Array.from({ length: 1_000 }, (_, i) => i.toString(16).padStart(24, '0'));

test('behaves like a Map under random changes', () => {
  const [own, map] = [new ById<number>(), new Map<string, number>()];
  let seed = 1;
  for (let step = 0; step < 20_000; step++) {
    seed = (seed * 48_271) % 2_147_483_647;
    const id = ids[seed % ids.length] as string;
    if (seed % 3 === 0) expect(own.delete(id)).toBe(map.delete(id));
    else {
      own.set(id, step);
      map.set(id, step);
    }
    expect([own.size, own.get(id), own.has(id)]).toEqual([map.size, map.get(id), map.has(id)]);
  }
  expect(map.size).toBeGreaterThan(100);
  expect(own.values().sort()).toEqual([...map.values()].sort());
  for (const id of ids) expect(own.get(id)).toBe(map.get(id));
});

test.each(['', '__proto__', 'constructor', 'größe'])('an id may be %j', (id) => {
  const own = new ById<number>();
  expect([own.get(id), own.has(id), own.delete(id)]).toEqual([undefined, false, false]);
  own.set(id, 1);
  expect([own.get(id), own.values(), own.delete(id), own.size]).toEqual([1, [1], true, 0]);
});
