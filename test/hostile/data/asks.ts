/** Requests out of a run that are not what the guest's `fetch` would make: built-ins are patched first. */
import { type DataAttack, inside } from './attack.ts';

/** The list that `fetch` makes of its headers is whatever the program says. */
const patched = (headers: string, goesOn = 'i < 1'): string => `
if (size.isRight) return [await api('GET', '/tokenInfo')];
const filter = Array.prototype.filter;
const odd = ${headers};
const until = Date.now() + size.ms;
let asked = { status: 200 };
for (let i = 0; ${goesOn}; i++) {
  Array.prototype.filter = () => odd;
  try { await fetch('/v1/tokenInfo'); } catch (error) { asked = { status: 422, code: error.code }; }
  Array.prototype.filter = filter;
}
return [asked];`;

/** The same by a getter that a request's own class has. */
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
    name: 'headers that are a million empty lists',
    dataMb: 3,
    program: patched('Array(size.count).fill([])'),
    ...sizes,
  }),
  inside({
    name: 'headers that are four million zeros',
    dataMb: 8,
    program: patched('Array(4 * size.count).fill(0)'),
    ...sizes,
  }),
  inside({
    name: 'headers that are a hundred lists of ten thousand parts each',
    dataMb: 3,
    program: patched('Array(100).fill(Array(size.count / 100).fill([]))'),
    ...sizes,
  }),
  inside({
    name: 'headers that nest a thousand levels, a thousand times',
    dataMb: 4,
    program: patched('Array(1_000).fill(JSON.parse("[".repeat(1_000) + "]".repeat(1_000)))'),
    ...sizes,
  }),
  inside({
    name: 'an address that is a million empty lists',
    dataMb: 3,
    program: patchedGetter('url', 'Array(size.count).fill([])'),
    ...sizes,
  }),
  inside({
    name: 'a method that is an object of three hundred thousand names',
    dataMb: 5,
    program: patchedGetter(
      'method',
      'Object.fromEntries(Array.from({ length: size.count * 0.3 }, (_, i) => ["name " + i, {}]))',
    ),
    ...sizes,
  }),
  inside({
    name: 'a request of eight megabytes beyond what may be asked',
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
    name: 'a flood of requests whose headers are a million empty lists',
    dataMb: 6,
    isFlood: true,
    program: patched('Array(size.count).fill([])', 'Date.now() < until'),
    ...sizes,
  }),
];
