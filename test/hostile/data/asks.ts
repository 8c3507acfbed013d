/** Requests of a run that the guest's `fetch` would never make: built-ins are patched first. */
import { type DataAttack, inside } from './attack.ts';

/** Makes `fetch` send these headers, whatever they are. */
const patched = (headers: string, condition = 'i < 1'): string => `
if (size.isRight) return [await api('GET', '/tokenInfo')];
const filter = Array.prototype.filter;
const odd = ${headers};
const until = Date.now() + size.ms;
let asked = { status: 200 };
for (let i = 0; ${condition}; i++) {
  Array.prototype.filter = () => odd;
  try { await fetch('/v1/tokenInfo'); } catch (error) { asked = { status: 422, code: error.code }; }
  Array.prototype.filter = filter;
}
return [asked];`;

/** Makes `fetch` send this value, by a getter on Request.prototype. */
const patchedGetter = (name: string, value: string): string => `
if (size.isRight) return [await api('GET', '/tokenInfo')];
const odd = ${value};
const getter = Object.getOwnPropertyDescriptor(Request.prototype, '${name}');
Object.defineProperty(Request.prototype, '${name}', { configurable: true, get: () => odd });
let asked = { status: 200 };
try { await fetch('/v1/tokenInfo'); } catch (error) { asked = { status: 422, code: error.code ?? error.name }; }
Object.defineProperty(Request.prototype, '${name}', getter);
return [asked];`;

const sizes = { hostile: { count: 1_000_000, isRight: false }, permitted: { count: 0, isRight: true } };

export const asks: readonly DataAttack[] = [
  inside({
    name: 'a million empty arrays as headers',
    dataMb: 3,
    program: patched('Array(size.count).fill([])'),
    ...sizes,
  }),
  inside({
    name: 'four million zeros as headers',
    dataMb: 8,
    program: patched('Array(4 * size.count).fill(0)'),
    ...sizes,
  }),
  inside({
    name: 'a hundred arrays of ten thousand items each as headers',
    dataMb: 3,
    program: patched('Array(100).fill(Array(size.count / 100).fill([]))'),
    ...sizes,
  }),
  inside({
    name: 'a thousand headers nested a thousand levels deep',
    dataMb: 4,
    program: patched('Array(1_000).fill(JSON.parse("[".repeat(1_000) + "]".repeat(1_000)))'),
    ...sizes,
  }),
  inside({
    name: 'a URL that is a million empty arrays',
    dataMb: 3,
    program: patchedGetter('url', 'Array(size.count).fill([])'),
    ...sizes,
  }),
  inside({
    name: 'a method that is an object with three hundred thousand keys',
    dataMb: 5,
    program: patchedGetter(
      'method',
      'Object.fromEntries(Array.from({ length: size.count * 0.3 }, (_, i) => ["name " + i, {}]))',
    ),
    ...sizes,
  }),
  inside({
    name: 'a request larger than eight megabytes',
    dataMb: 8,
    program: `return [await api('PUT', '/integrations/' + options._integrationId + '/state/key', '"' + 'x'.repeat(size.chars) + '"')];`,
    hostile: { chars: 9_000_000 },
    permitted: { chars: 1_000_000 },
  }),
  inside({
    name: 'twelve requests of four megabytes at once',
    dataMb: 48,
    program: `const path = '/integrations/' + options._integrationId + '/state/key';
      const text = '"' + 'x'.repeat(size.chars) + '"';
      return Promise.all(Array.from({ length: size.times }, () => api('PUT', path, text)));`,
    hostile: { chars: 4_000_000, times: 12 },
    permitted: { chars: 4_000, times: 2 },
  }),
  inside({
    name: 'a hundred headers of sixteen thousand characters',
    dataMb: 2,
    program: `const headers = Object.fromEntries(Array.from({ length: size.count }, (_, i) => ['x-' + i, 'v'.repeat(16_000)]));
      return [await api('GET', '/tokenInfo', undefined, headers)];`,
    hostile: { count: 95 },
    permitted: { count: 1 },
  }),
  inside({
    name: 'a flood of requests with a million empty arrays as headers',
    dataMb: 6,
    isFlood: true,
    program: patched('Array(size.count).fill([])', 'Date.now() < until'),
    ...sizes,
  }),
];
