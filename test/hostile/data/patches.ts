/** JSON Patches: many operations, long paths, large records. */
import { atOnce, attack, type DataAttack, inside } from './attack.ts';

/** Creates and patches a record. The control also reads it. */
const patching = (record: string, patch: string, right = 'true'): string => `
const made = await api('POST', '/exports', ${record});
const path = '/exports/' + made.json()._id;
const reply = await api('PATCH', path, ${patch});
if (size.isRight) { const after = (await api('GET', path)).json(); check('is patched', ${right}); }
return [made, reply];`;

const bigRecord = `{ name: 'n', rows: Array.from({ length: size.rows }, (_, n) => ({ n, text: 'x'.repeat(180) })) }`;

export const patches: readonly DataAttack[] = [
  inside({
    name: 'one operation on a record of seven megabytes',
    dataMb: 7,
    program: patching(bigRecord, `[{ op: 'replace', path: '/name', value: 'm' }]`, `after.name === 'm'`),
    hostile: { rows: 33_000, isRight: false },
    permitted: { rows: 33, isRight: true },
  }),
  inside({
    name: 'a flood of patches of a record of seven megabytes, fifty at once',
    dataMb: 7,
    isFlood: true,
    isLong: true,
    program: `const made = await api('POST', '/exports', ${bigRecord});
      const until = Date.now() + size.ms;
      const replies = [made];
      const patch = async () => {
        while (Date.now() < until) replies.push(await ask('PATCH', '/exports/' + made.json()._id, [{ op: 'replace', path: '/name', value: 'm' }]));
      };
      await Promise.all(Array.from({ length: size.lanes }, patch));
      return replies;`,
    hostile: { rows: 33_000, lanes: 50 },
    permitted: { rows: 33, lanes: 2 },
  }),
  inside({
    name: 'four million zeros as a patch',
    dataMb: 8,
    program: patching(`{ name: 'n' }`, `size.isRight ? [] : '[' + '0,'.repeat(size.count) + '0]'`),
    hostile: { count: 4_000_000, isRight: false },
    permitted: { count: 0, isRight: true },
  }),
  inside({
    name: 'a path of seven million characters',
    dataMb: 7,
    program: patching(
      `{ name: 'n', a: 1 }`,
      `[{ op: 'replace', path: '/a' + 'a'.repeat(size.chars), value: 2 }]`,
      'after.a === 2',
    ),
    hostile: { chars: 7_000_000, isRight: false },
    permitted: { chars: 0, isRight: true },
  }),
  inside({
    name: 'a path of seven million tildes',
    dataMb: 7,
    program: patching(
      `{ name: 'n', '~~': 1 }`,
      `[{ op: 'replace', path: '/' + '~0'.repeat(size.count), value: 2 }]`,
      `after['~~'] === 2`,
    ),
    hostile: { count: 3_500_000, isRight: false },
    permitted: { count: 2, isRight: true },
  }),
  inside({
    name: 'a thousand paths of a thousand segments each',
    dataMb: 2,
    program: patching(
      `{ name: 'n', a: { a: { a: 1 } } }`,
      `Array.from({ length: size.count }, () => ({ op: size.isRight ? 'replace' : 'add', path: '/a'.repeat(size.steps), value: 2 }))`,
      'after.a.a.a === 2',
    ),
    hostile: { count: 1_000, steps: 1_000, isRight: false },
    permitted: { count: 2, steps: 3, isRight: true },
  }),
  inside({
    name: 'a record copied into itself again and again',
    dataMb: 8,
    program: patching(
      `{ name: 'n', a: { text: 'x'.repeat(1_000) } }`,
      `Array.from({ length: size.count }, (_, i) => ({ op: 'copy', from: '/a', path: '/a/copy' + i }))`,
      'after.a.copy1.copy0.text.length === 1_000',
    ),
    hostile: { count: 60, isRight: false },
    permitted: { count: 2, isRight: true },
  }),
  inside({
    name: 'a thousand insertions at the front of half a million zeros',
    dataMb: 4,
    program: patching(
      `'{"name":"n","list":[' + '0,'.repeat(size.items) + '0]}'`,
      `Array.from({ length: size.count }, () => ({ op: 'add', path: '/list/0', value: 1 }))`,
      'after.list.length === size.items + 1 + size.count',
    ),
    hostile: { items: 2_000_000, count: 1_000, isRight: false },
    permitted: { items: 20, count: 10, isRight: true },
  }),
  inside({
    name: 'a test operation that compares seven megabytes with themselves',
    dataMb: 14,
    program: patching(bigRecord, `[{ op: 'test', path: '/rows', value: (${bigRecord}).rows }]`),
    hostile: { rows: 28_000, isRight: false },
    permitted: { rows: 28, isRight: true },
  }),
  inside({
    name: 'a thousand moves of an object with a hundred thousand keys',
    dataMb: 3,
    program: patching(
      `{ name: 'n', a: Object.fromEntries(Array.from({ length: size.names }, (_, i) => ['name ' + i, i])) }`,
      `Array.from({ length: size.count }, (_, i) => ({ op: 'move', from: i % 2 ? '/b' : '/a', path: i % 2 ? '/a' : '/b' }))`,
      `after.a['name 1'] === 1`,
    ),
    hostile: { names: 95_000, count: 1_000, isRight: false },
    permitted: { names: 3, count: 4, isRight: true },
  }),
  inside({
    name: 'a thousand removals from a hundred thousand keys',
    dataMb: 3,
    program: patching(
      `{ name: 'n', a: Object.fromEntries(Array.from({ length: size.names }, (_, i) => ['name ' + i, i])) }`,
      `Array.from({ length: size.count }, (_, i) => ({ op: 'remove', path: '/a/name ' + i }))`,
      'Object.keys(after.a).length === size.names - size.count',
    ),
    hostile: { names: 95_000, count: 1_000, isRight: false },
    permitted: { names: 5, count: 4, isRight: true },
  }),
  attack({
    name: 'ten patches of a megabyte of invalid operations, from a user',
    dataMb: 10,
    hostile: { count: 340_000, times: 10 },
    permitted: { count: 0, times: 2 },
    async prepare(scene) {
      const _integrationId = await scene.install('data');
      return (await scene.client('POST', '/exports', { name: 'n', _integrationId })).body._id as string;
    },
    run: (scene, { count, times }, id) =>
      atOnce(times, () => scene.client('PATCH', `/exports/${id}`, count === 0 ? [] : Array(count).fill({}))),
  }),
];
