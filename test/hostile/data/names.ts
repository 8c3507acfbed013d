/** Long names, keys, texts and headers, or ones that are hard to parse. */
import { atOnce, attack, type DataAttack, inside } from './attack.ts';

const put = `return [await api('PUT', '/integrations/' + options._integrationId, body)];`;

/** Headers that the API parses, each with a piece that is hard to parse. */
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
      name: `eight million spaces as the ${field} of an integration`,
      dataMb: 8,
      program: `const body = { [size.field]: size.chars ? ' '.repeat(size.chars) : size.right }; ${put}`,
      hostile: { field, chars: 7_900_000, right: '' },
      permitted: { field, chars: 0, right: field === 'mode' ? 'settings' : '1.0.0' },
    }),
  ),
  inside({
    name: 'a thousand state keys of the maximum length',
    dataMb: 1,
    program: `const at = (i) => '/integrations/' + options._integrationId + '/state/' + encodeURIComponent(String(i).padEnd(250, '\\u20ac'));
      const replies = [];
      for (let i = 0; i < size.count; i += 50) replies.push(...await Promise.all(Array.from({ length: 50 }, (_, n) => api('PUT', at(i + n), '1'))));
      const list = await api('GET', '/integrations/' + options._integrationId + '/state');
      if (size.count < 1_000) check('all are listed', list.json().keys.length === size.count);
      return [...replies, list];`,
    hostile: { count: 1_050 },
    permitted: { count: 50 },
  }),
  inside({
    name: 'a path of three thousand segments, and one of percent escapes',
    dataMb: 1,
    program: `const replies = await Promise.all(Array.from({ length: size.times }, (_, i) => api('GET', (i % 2 ? '/a'.repeat(size.count) : '/exports/' + '%61'.repeat(size.count)))));
      return replies.map(({ status, code }) => ({ status: size.isRight && status === 404 ? 200 : status, code }));`,
    hostile: { count: 2_600, times: 200, isRight: false },
    permitted: { count: 3, times: 2, isRight: true },
  }),
  attack({
    name: 'headers of fifteen thousand characters in every parsed header',
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
    name: 'a function name of twelve thousand characters',
    dataMb: 1,
    hostile: { name: 'f'.repeat(12_000) },
    permitted: { name: 'next' },
    prepare: (scene) => scene.install('data'),
    run: (scene, { name }, integrationId) =>
      atOnce(10, () => scene.client('PUT', `/integrations/${integrationId}/settings/${name}`, {})),
  }),
  attack({
    name: 'an argument of forty thousand fields with reserved names',
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
