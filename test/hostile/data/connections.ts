/** Connections: growing templates, many credentials, answers that resemble them. */
import { attack, type DataAttack, inside } from './attack.ts';
import { type ReplySummary, summarize } from './reply-summary.ts';
import type { Scene } from './scene.ts';

/** Writes a connection in a run, and tests it as a user would. */
function used(
  name: string,
  dataMb: number,
  connection: string,
  sizes: Sizes,
  uses: readonly Use[] = ['ping', 'proxy'],
): DataAttack {
  return attack({
    name,
    dataMb,
    ...sizes,
    prepare: (scene: Scene) => scene.install('data'),
    async run(scene, size, integrationId) {
      const source = `const reply = await api('POST', '/connections', ${connection});
        return { status: reply.status, code: reply.code, id: reply.status === 201 ? reply.json()._id : '' };`;
      const given = { ...size, baseURI: scene.applicationUrl };
      const { body } = await scene.client('PUT', `/integrations/${integrationId}/utilities/run`, {
        source,
        size: given,
      });
      const replies: ReplySummary[] = [{ status: body.status ?? 0, code: body.code }];
      if (!body.id) return replies;
      for (const use of uses) replies.push(summarize(await useConnection(scene, use, body.id, size.megabytes)));
      return replies;
    },
  });
}

interface Sizes {
  readonly hostile: Readonly<Record<string, number>>;
  readonly permitted: Readonly<Record<string, number>>;
}
type Use = 'ping' | 'proxy' | 'read' | 'write' | 'list' | 'near';

function useConnection(scene: Scene, use: Use, id: string, megabytes = 0) {
  const path = `/connections/${id}`;
  switch (use) {
    case 'ping':
      return scene.client('GET', `${path}/ping`);
    case 'proxy':
      return scene.client('POST', `${path}/proxy`, undefined, { 'integrator-relative-uri': '/ok' });
    case 'near':
      return scene.client('POST', `${path}/proxy`, undefined, {
        'integrator-relative-uri': `/repeat/${megabytes}/aaaaaaaaab`,
      });
    case 'read':
      return scene.client('GET', path);
    case 'list':
      return scene.client('GET', '/connections');
    case 'write':
      return scene.client('PATCH', path, [{ op: 'replace', path: '/name', value: 'm' }]);
  }
}

const rest = `name: 'n', type: 'http'`;

export const connections: readonly DataAttack[] = [
  used(
    'eight headers that repeat a value of nine hundred thousand characters',
    2,
    `{ ${rest}, x: 'x'.repeat(size.chars), http: { baseURI: size.baseURI,
      headers: Array.from({ length: size.headers }, (_, i) => ({ name: 'x-' + i, value: '{{connection.x}}'.repeat(size.times) })) } }`,
    { hostile: { chars: 900_000, headers: 8, times: 580 }, permitted: { chars: 10, headers: 2, times: 1 } },
  ),
  used(
    'a hundred headers that repeat a value of a hundred characters a thousand times',
    2,
    `{ ${rest}, x: 'x'.repeat(size.chars), http: { baseURI: size.baseURI,
      headers: Array.from({ length: size.headers }, (_, i) => ({ name: 'x-' + i, value: '{{connection.x}}'.repeat(size.times) })) } }`,
    { hostile: { chars: 100, headers: 100, times: 1_000 }, permitted: { chars: 10, headers: 2, times: 1 } },
  ),
  used(
    'a value of seven million characters in one header',
    7,
    `{ ${rest}, x: 'x'.repeat(size.chars), http: { baseURI: size.baseURI, headers: [{ name: 'x-1', value: '{{connection.x}}' }] } }`,
    { hostile: { chars: 7_000_000 }, permitted: { chars: 10 } },
  ),
  used(
    'a hundred templates of three thousand nested sections',
    2,
    `{ ${rest}, http: { baseURI: size.baseURI, headers: Array.from({ length: size.headers }, (_, i) =>
      ({ name: 'x-' + i, value: size.levels ? '{{#a}}'.repeat(size.levels) + '{{/a}}'.repeat(size.levels) : 'v' })) } }`,
    { hostile: { headers: 100, levels: 1_300 }, permitted: { headers: 2, levels: 0 } },
  ),
  used(
    'a hundred templates of opening braces',
    2,
    `{ ${rest}, http: { baseURI: size.baseURI, headers: Array.from({ length: size.headers }, (_, i) =>
      ({ name: 'x-' + i, value: size.braces ? '{{='.repeat(size.braces) : 'v' })) } }`,
    { hostile: { headers: 100, braces: 5_000 }, permitted: { headers: 2, braces: 0 } },
  ),
  used(
    'four million zeros instead of headers',
    8,
    `size.count ? '{"name":"n","http":{"baseURI":"' + size.baseURI + '","headers":[' + '0,'.repeat(size.count) + '0]}}' : { ${rest}, http: { baseURI: size.baseURI } }`,
    { hostile: { count: 4_000_000 }, permitted: { count: 0 } },
  ),
  used(
    'four million zeros as credentials',
    8,
    `size.count ? '{"name":"n","http":{"encrypted":[' + '0,'.repeat(size.count) + '0]}}' : { ${rest}, http: { baseURI: size.baseURI, encrypted: { a: 1 } } }`,
    { hostile: { count: 4_000_000 }, permitted: { count: 0 } },
  ),
  used(
    'ninety thousand credentials with a name each',
    3,
    `{ ${rest}, http: { baseURI: size.baseURI, encrypted: Object.fromEntries(Array.from({ length: size.count }, (_, i) => ['secret ' + i, i])) } }`,
    { hostile: { count: 90_000 }, permitted: { count: 9 } },
  ),
  used(
    'an address of seven million characters',
    7,
    `{ ${rest}, http: { baseURI: size.baseURI + '/a'.repeat(size.count) } }`,
    { hostile: { count: 3_500_000 }, permitted: { count: 3 } },
  ),
  used(
    'a host of seven million labels',
    7,
    `{ ${rest}, http: { baseURI: size.count ? 'http://' + 'a.'.repeat(size.count) + 'com' : size.baseURI } }`,
    { hostile: { count: 3_500_000 }, permitted: { count: 0 } },
  ),
  used(
    'two hundred credentials with a common prefix, and an answer of eight megabytes that resembles them',
    16,
    `{ ${rest}, http: { baseURI: size.baseURI, encrypted: Object.fromEntries(Array.from({ length: size.count }, (_, i) => ['s' + i, 'aaaaaaaaab'.repeat(size.times) + String(i).padStart(4, 'c')])) } }`,
    { hostile: { count: 190, times: 30, megabytes: 8 }, permitted: { count: 2, times: 2, megabytes: 0.001 } },
    ['near'],
  ),
  used(
    'a connection of seven megabytes, read, listed, patched and tested',
    14,
    `{ ${rest}, http: { baseURI: size.baseURI, encrypted: { a: 'secret' } }, rows: Array.from({ length: size.rows }, (_, n) => ({ n, text: 'x'.repeat(180) })) }`,
    { hostile: { rows: 32_000 }, permitted: { rows: 3 } },
    ['read', 'list', 'write', 'ping', 'proxy'],
  ),
  used(
    'a connection of the maximum size, used in every way',
    1,
    `{ ${rest}, http: { baseURI: size.baseURI, encrypted: { a: 'secret' } }, rows: Array.from({ length: size.rows }, (_, n) => ({ n })) }`,
    { hostile: { rows: 18_000 }, permitted: { rows: 3 } },
    ['read', 'list', 'write', 'ping', 'proxy'],
  ),
  used(
    'a hundred paths of credentials, each of two hundred and fifty steps',
    1,
    `{ ${rest}, http: { baseURI: size.baseURI }, encryptedFields: Array.from({ length: size.paths }, (_, i) => i + '.a'.repeat(size.steps)) }`,
    { hostile: { paths: 100, steps: 248 }, permitted: { paths: 2, steps: 2 } },
  ),
  inside({
    name: 'a flood of pings whose headers grow, fifty at once',
    dataMb: 2,
    isFlood: true,
    program: `const made = await api('POST', '/connections', { ${rest}, x: 'x'.repeat(size.chars), http: { baseURI: 'https://example.com', headers:
        Array.from({ length: 90 }, (_, i) => ({ name: 'x-' + i, value: '{{connection.x}}'.repeat(size.times) })) } });
      const replies = [made];
      const until = Date.now() + size.ms;
      const ping = async () => { while (Date.now() < until) replies.push(await ask('GET', '/connections/' + made.json()._id + '/ping')); };
      await Promise.all(Array.from({ length: size.lanes }, ping));
      return size.isRight ? replies.slice(0, 1) : replies;`,
    hostile: { chars: 100, times: 900, lanes: 50, isRight: false },
    permitted: { chars: 1, times: 1, lanes: 1, isRight: true },
  }),
];
