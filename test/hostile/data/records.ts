/** Records with many, long or invalid references, names and values. */
import { atOnce, attack, type DataAttack, inside } from './attack.ts';

/** Refers to an existing record in the control. */
const target = `
const id = size.isRight ? (await api('POST', '/exports', { name: 'target' })).json()._id : 'a';
const reference = { _exportId: id };`;
const posted = `
const reply = await api('POST', '/exports', body);
if (size.isRight) {
  const record = (await api('GET', '/exports/' + reply.json()._id)).json();
  const sent = typeof body === 'string' ? JSON.parse(body) : body;
  check('comes back as it was written', Object.keys(sent).every((key) => JSON.stringify(record[key]) === JSON.stringify(sent[key])));
}
return [reply];`;

/** Source of a JSON array's text, without the array itself. */
const listOf = (item: string) => `'[' + (${item} + ',').repeat(size.count - 1) + ${item} + ']'`;

export const records: readonly DataAttack[] = [
  inside({
    name: 'a thousand references under one key of a million characters',
    dataMb: 2,
    program: `${target} const body = { name: 'n', ['k'.repeat(size.chars)]: Array(size.count).fill(reference) }; ${posted}`,
    hostile: { chars: 1_000_000, count: 1_000, isRight: false },
    permitted: { chars: 100, count: 10, isRight: true },
  }),
  inside({
    name: 'three thousand references under one key of two million characters',
    dataMb: 3,
    program: `${target} const body = { name: 'n', ['k'.repeat(size.chars)]: Array(size.count).fill(reference) }; ${posted}`,
    hostile: { chars: 2_000_000, count: 3_000, isRight: false },
    permitted: { chars: 200, count: 3, isRight: true },
  }),
  inside({
    name: 'references below ninety nested long keys',
    dataMb: 2,
    program: `${target} let inner = Array(size.count).fill(reference);
      for (let i = 0; i < size.levels; i++) inner = { ['k'.repeat(size.chars)]: inner };
      const body = { name: 'n', inner }; ${posted}`,
    hostile: { chars: 10_000, count: 5_000, levels: 90, isRight: false },
    permitted: { chars: 10, count: 5, levels: 10, isRight: true },
  }),
  inside({
    name: 'thirty thousand dangling references',
    dataMb: 1,
    program: `${target} const body = { name: 'n', all: Array(size.count).fill(reference) }; ${posted}`,
    hostile: { count: 30_000, isRight: false },
    permitted: { count: 30, isRight: true },
  }),
  inside({
    name: 'references that are objects',
    dataMb: 1,
    program: `const body = { name: 'n', all: Array(size.count).fill({ _connectionId: { a: 1 } }) }; ${posted}`,
    hostile: { count: 24_000 },
    permitted: { count: 3 },
    right: [422],
  }),
  inside({
    name: 'a reference whose id has six million characters',
    dataMb: 6,
    program: `${target} const body = { name: 'n', ref: { _exportId: size.chars ? 'a'.repeat(size.chars) : id } }; ${posted}`,
    hostile: { chars: 6_000_000 },
    permitted: { chars: 0, isRight: true },
  }),
  inside({
    name: 'ninety thousand numbers that JSON cannot represent',
    dataMb: 2,
    program: `let body = '{"name":"n"';
      for (let i = 0; i < size.count; i++) body += ',"field' + i + '":' + size.value;
      body += '}'; ${posted}`,
    hostile: { count: 90_000, value: '1e999' },
    permitted: { count: 90, value: '1e99', isRight: true },
  }),
  inside({
    name: 'a hundred thousand keys',
    dataMb: 3,
    program: `const body = { name: 'n' }; for (let i = 0; i < size.count; i++) body['field ' + i] = i; ${posted}`,
    hostile: { count: 99_990 },
    permitted: { count: 100, isRight: true },
  }),
  inside({
    name: 'four million zeros instead of field names',
    dataMb: 8,
    program: `const body = size.count ? '{"name":"n","encryptedFields":' + ${listOf("'0'")} + '}' : { name: 'n', encryptedFields: ['a'] };
      return [await api('POST', '/connections', body)];`,
    hostile: { count: 4_000_000 },
    permitted: { count: 0 },
  }),
  inside({
    name: 'a million reserved field names',
    dataMb: 8,
    program: `const body = size.count ? '{"name":"n","encryptedFields":' + ${listOf(`'"_id"'`)} + '}' : { name: 'n', encryptedFields: ['a'] };
      return [await api('POST', '/connections', body)];`,
    hostile: { count: 1_000_000 },
    permitted: { count: 0 },
  }),
  inside({
    name: 'a name of eight million spaces',
    dataMb: 8,
    program: `const body = { name: ' '.repeat(size.chars) + 'n' }; ${posted}`,
    hostile: { chars: 8_000_000 },
    permitted: { chars: 100, isRight: true },
  }),
  inside({
    name: 'a record of seven million characters in small parts, written and read',
    dataMb: 7,
    program: `const body = { name: 'n', rows: Array.from({ length: size.count }, (_, n) => ({ n, text: 'x'.repeat(160) })) };
      const reply = await api('POST', '/exports', body);
      return [reply, await api('GET', '/exports/' + reply.json()._id)];`,
    hostile: { count: 32_000 },
    permitted: { count: 32 },
  }),
  inside({
    name: 'a key repeated a hundred thousand times',
    dataMb: 2,
    program: `const body = '{' + '"name":"n",'.repeat(size.count) + '"last":1}'; ${posted}`,
    hostile: { count: 99_000 },
    permitted: { count: 2, isRight: true },
  }),
  attack({
    name: 'two hundred thousand zeros as field names, from a user',
    dataMb: 1,
    hostile: { count: 200_000 },
    permitted: { count: 0 },
    prepare: (scene) => scene.install('data'),
    async run(scene, { count }, _integrationId) {
      const encryptedFields = count === 0 ? ['a'] : Array(count).fill(0);
      return atOnce(1, () => scene.client('POST', '/connections', { name: 'n', _integrationId, encryptedFields }));
    },
  }),
  attack({
    name: 'half a million zeros in every field of a user’s body',
    dataMb: 4,
    hostile: { count: 500_000 },
    permitted: { count: 0 },
    prepare: (scene) => scene.install('data'),
    async run(scene, { count }, _integrationId) {
      const zeros = Array(count).fill(0);
      const fields = ['name', 'type', 'encryptedFields', '_connectionId'].slice(0, count === 0 ? 1 : 4);
      return atOnce(fields.length, (index) =>
        scene.client('POST', '/exports', {
          name: 'n',
          _integrationId,
          ...(count === 0 ? {} : { [fields[index] as string]: zeros }),
        }),
      );
    },
  }),
  attack({
    name: 'bodies nested ten thousand levels deep, to every kind of route',
    dataMb: 1,
    hostile: { levels: 9_990 },
    permitted: { levels: 50 },
    prepare: (scene) => scene.install('data'),
    async run(scene, { levels }, _integrationId) {
      const deep = '[{"a":'.repeat(levels / 2) + 1 + '}]'.repeat(levels / 2);
      const record = `{"name":"n","_integrationId":"${_integrationId}","deep":${deep}}`;
      const routes: readonly [method: string, path: string, body: string][] = [
        ['POST', '/exports', record],
        ['POST', '/connections', record],
        ['PUT', `/integrations/${_integrationId}`, `{"name":"n","deep":${deep}}`],
        ['PUT', `/integrations/${_integrationId}/state/key`, deep],
        ['POST', '/integrations', `{"name":"n","settings":{"deep":${deep}}}`],
        ['PUT', `/integrations/${_integrationId}/settings/next`, `{"deep":${deep}}`],
      ];
      const replies = await Promise.all(routes.map((route) => scene.client(...route)));
      const [made] = replies.filter(({ headers }) => headers.get('location')?.includes('/integrations/'));
      if (made) scene.track(made.body._id);
      return replies.map(({ status, body }) => ({ status, code: body?.errors?.[0].code }));
    },
  }),
];
