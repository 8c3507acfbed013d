/** Names, keys, texts and headers that are long, or made of what is parsed. */
import { atOnce, attack, type DataAttack, inside } from './attack.ts';

const put = `return [await api('PUT', '/integrations/' + options._integrationId, body)];`;

/** Headers that the API takes apart, and a piece that each could choke on. */
const HEADERS: readonly (readonly [name: string, piece: string])[] = [
  ['if-match', '"a",'],
  ['if-none-match', 'W/"a" ,'],
  ['prefer', ' ,'],
  ['prefer', 'respond-async\t'],
  ['content-type', 'application/json;'],
  ['content-type', 'application/json; charset='],
  ['accept', 'a/b;q=0,'],
  ['traceparent', '00-'],
  ['tracestate', 'a=b,'],
  ['idempotency-key', 'k'],
  ['content-encoding', 'gzip,'],
  ['authorization', 'Bearer '],
];

export const names: readonly DataAttack[] = [
  ...['name', 'description', 'readme', 'tag', 'version', 'mode'].map((field) =>
    inside({
      name: `eight million blanks as the ${field} of an integration`,
      dataMb: 8,
      program: `const body = { [size.field]: size.chars ? ' '.repeat(size.chars) : size.right }; ${put}`,
      hostile: { field, chars: 7_900_000, right: '' },
      permitted: { field, chars: 0, right: field === 'mode' ? 'settings' : '1.0.0' },
    }),
  ),
  inside({
    name: 'a thousand keys of state, each as long as it may be',
    dataMb: 1,
    program: `const at = (i) => '/integrations/' + options._integrationId + '/state/' + encodeURIComponent(String(i).padEnd(250, '\\u20ac'));
      const came = [];
      for (let i = 0; i < size.count; i += 50) came.push(...await Promise.all(Array.from({ length: 50 }, (_, n) => api('PUT', at(i + n), '1'))));
      const list = await api('GET', '/integrations/' + options._integrationId + '/state');
      if (size.count < 1_000) check('all are listed', list.json().keys.length === size.count);
      return [...came, list];`,
    hostile: { count: 1_050 },
    permitted: { count: 50 },
  }),
  inside({
    name: 'a path of three thousand segments, and one of escapes',
    dataMb: 1,
    program: `const came = await Promise.all(Array.from({ length: size.times }, (_, i) => api('GET', (i % 2 ? '/a'.repeat(size.count) : '/exports/' + '%61'.repeat(size.count)))));
      return came.map(({ status, code }) => ({ status: size.isRight && status === 404 ? 200 : status, code }));`,
    hostile: { count: 2_600, times: 200, isRight: false },
    permitted: { count: 3, times: 2, isRight: true },
  }),
  attack({
    name: 'headers of fifteen thousand characters, in all that is taken apart',
    dataMb: 1,
    hostile: { chars: 15_000 },
    permitted: { chars: 0 },
    prepare: (scene) => scene.install('data'),
    run: (scene, { chars }, integrationId) =>
      atOnce(chars === 0 ? 1 : HEADERS.length, (index) => {
        const [name, piece] = HEADERS[index] as (typeof HEADERS)[number];
        const headers: Record<string, string> =
          chars === 0 ? {} : { [name]: piece.repeat(chars / piece.length).trim() };
        return scene.client('PUT', `/integrations/${integrationId}`, { description: 'd' }, headers);
      }),
  }),
  attack({
    name: 'a function of twelve thousand characters',
    dataMb: 1,
    hostile: { name: 'f'.repeat(12_000) },
    permitted: { name: 'next' },
    prepare: (scene) => scene.install('data'),
    run: (scene, { name }, integrationId) =>
      atOnce(10, () => scene.client('PUT', `/integrations/${integrationId}/settings/${name}`, {})),
  }),
  attack({
    name: 'forty thousand fields of an argument that are all the runtime’s own',
    dataMb: 1,
    hostile: { count: 40_000 },
    permitted: { count: 2 },
    prepare: (scene) => scene.install('data'),
    run: (scene, { count }, integrationId) =>
      atOnce(5, () =>
        scene.client(
          'PUT',
          `/integrations/${integrationId}/settings/next`,
          `{${'"_integrationId":"a","bearerToken":"b",'.repeat(count / 2)}"last":1}`,
        ),
      ),
  }),
];
