/** Queries of lists and records: projections, filters, cursors. */
import { type DataAttack, inside } from './attack.ts';

/** Sends a query repeatedly, and checks the reply. */
const asking = (query: string, right: string): string => `
const all = Array.from({ length: size.records }, (_, i) => api('POST', '/exports', { name: 'n' + i, a: { a: { a: 1 } }, b: 2 }));
await Promise.all(all);
const query = ${query};
const replies = [];
for (let i = 0; i < size.times; i++) replies.push(await api('GET', '/exports?' + query));
if (size.isRight && replies[0].status === 200) check('is what was asked for', ${right});
return replies;`;

function query(name: string, text: string, right: string, hostile: object): DataAttack {
  return inside({
    name,
    dataMb: 2,
    program: asking(text, right),
    hostile: { records: 50, times: 5, isRight: false, count: 3_900, ...hostile },
    permitted: { records: 2, times: 1, isRight: true, count: 1 },
  });
}

const first = 'replies[0].json()[0]';

export const queries: readonly DataAttack[] = [
  query(
    'include with three thousand nine hundred dots',
    `'include=' + 'a.'.repeat(size.count) + 'a'`,
    `${first}.a.a.a === 1 && !('b' in ${first})`,
    {},
  ),
  query(
    'include with as many dots as fit into a URL',
    `'include=' + 'a.'.repeat(size.count) + (size.isRight ? 'a' : '')`,
    `${first}.a.a.a === 1`,
    { count: 3_980 },
  ),
  query(
    'include with only dots',
    `'include=' + (size.isRight ? 'a' : '.'.repeat(size.count))`,
    `${first}.a.a.a === 1`,
    { count: 7_900 },
  ),
  query(
    'exclude with three thousand nine hundred dots',
    `'exclude=' + 'a.'.repeat(size.count) + 'a'`,
    `${first}.b === 2 && !('a' in ${first}.a)`,
    {},
  ),
  query(
    'include with four thousand names',
    `'include=' + 'b,'.repeat(size.count) + 'b'`,
    `${first}.b === 2 && !('a' in ${first})`,
    {},
  ),
  query(
    'include with a thousand disjoint paths',
    `'include=b,' + Array.from({ length: size.count }, (_, i) => i + '.a').join(',')`,
    `${first}.b === 2`,
    { count: 1_000 },
  ),
  query(
    'one parameter a thousand times',
    `'limit=1' + (size.isRight ? '' : '&type=a'.repeat(size.count))`,
    'replies[0].json().length === 1',
    { count: 1_100 },
  ),
  query(
    'a thousand unknown parameters',
    `size.isRight ? 'limit=1' : Array.from({ length: size.count }, (_, i) => 'x' + i + '=1').join('&')`,
    'replies[0].json().length === 1',
    { count: 1_000 },
  ),
  query(
    'a nested cursor',
    `size.isRight ? 'limit=1' : 'cursor=' + btoa('['.repeat(size.count)).replaceAll('=', '')`,
    'replies[0].json().length === 1',
    { count: 5_800 },
  ),
  inside({
    name: 'a flood of include with three thousand nine hundred dots',
    dataMb: 2,
    isFlood: true,
    program: `await api('POST', '/exports', { name: 'n', a: { a: { a: 1 } } });
      const replies = [];
      const until = Date.now() + size.ms;
      while (Date.now() < until) replies.push(...await Promise.all(Array.from({ length: 20 }, () => ask('GET', '/exports?include=' + 'a.'.repeat(size.count) + 'a'))));
      return replies;`,
    hostile: { count: 3_900 },
    permitted: { count: 1 },
  }),
];
