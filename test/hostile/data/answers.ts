/** Answers, logs and errors of functions, and answers of other servers. */
import assert from 'node:assert/strict';
import { atOnce, attack, type DataAttack, inside } from './attack.ts';
import { summarize } from './reply-summary.ts';

interface Answered {
  readonly dataMb: number;
  readonly section?: 'installer' | 'settings';
  readonly source: string;
  readonly hostile: { readonly count: number };
  readonly permitted: { readonly count: number };
  readonly right?: readonly number[];
}

const answered = (name: string, { dataMb, section = 'settings', source, ...sizes }: Answered): DataAttack =>
  attack({
    name,
    dataMb,
    ...sizes,
    prepare: (scene) => scene.install('data'),
    run: async (scene, size, integrationId) => [summarize(await scene.answers(integrationId, section, source, size))],
  });

export const answers: readonly DataAttack[] = [
  answered('a step answers with one and a half million empty lists', {
    dataMb: 5,
    section: 'installer',
    source: 'return Array(size.count).fill([]);',
    hostile: { count: 1_500_000 },
    permitted: { count: 3 },
  }),
  answered('a step answers with four hundred thousand names', {
    dataMb: 5,
    section: 'installer',
    source: `const all = {}; for (let i = 0; i < size.count; i++) all['k' + i] = 0; return all;`,
    hostile: { count: 400_000 },
    permitted: { count: 3 },
  }),
  answered('a step answers with lists two hundred levels deep, side by side', {
    dataMb: 5,
    section: 'installer',
    source: 'let deep = 1; for (let i = 0; i < 190; i++) deep = [deep]; return Array(size.count).fill(deep);',
    hostile: { count: 13_000 },
    permitted: { count: 2 },
  }),
  answered('an error of eight million characters in each of its parts', {
    dataMb: 1,
    source: `const text = 'x'.repeat(size.count);
      throw Object.defineProperties(new Error(text), { code: { value: text }, name: { value: text }, stack: { value: text } });`,
    hostile: { count: 8_000_000 },
    permitted: { count: 8 },
    right: [422],
  }),
  attack({
    name: 'ten answers of five megabytes at once',
    dataMb: 50,
    hostile: { chars: 5_000_000, times: 10 },
    permitted: { chars: 5, times: 2 },
    prepare: (scene) => scene.install('data'),
    run: (scene, { chars, times }, integrationId) =>
      atOnce(times, async () => {
        const reply = await scene.answers(integrationId, 'settings', `return 'x'.repeat(size.chars);`, { chars });
        if (reply.status === 200) assert.equal(reply.body.length, chars);
        return reply;
      }),
  }),
  attack({
    name: 'a list of a hundred runs with full logs',
    dataMb: 25,
    hostile: { runs: 100, chars: 250 },
    permitted: { runs: 3, chars: 10 },
    async prepare(scene, { runs, chars }) {
      const integrationId = await scene.install('data');
      const source = `for (let i = 0; i < 1000; i++) console.log(String(i).padEnd(size.chars, '\\u2028"'));`;
      for (let i = 0; i < runs; i += 10) {
        const some = Math.min(10, runs - i);
        await atOnce(some, () => scene.answers(integrationId, 'settings', source, { chars }));
      }
      return integrationId;
    },
    async run(scene, { runs }, integrationId) {
      const reply = await scene.client('GET', `/integrations/${integrationId}/runs`);
      if (reply.status === 200 && runs === 3) assert.equal(reply.body.length, runs);
      return [summarize(reply)];
    },
  }),
  attack({
    name: 'eight megabytes of binary data from another server',
    dataMb: 11,
    hostile: { megabytes: 7 },
    permitted: { megabytes: 1 },
    prepare: (scene) => scene.install('data'),
    run: (scene, { megabytes }, integrationId) =>
      scene.inside(
        integrationId,
        `const reply = await fetch(size.url);
        check('all of it arrived', (await reply.arrayBuffer()).byteLength === size.megabytes * 1024 * 1024);
        return [{ status: reply.status }];`,
        { megabytes, url: `${scene.applicationUrl}/binary/${megabytes}` },
      ),
  }),
  attack({
    name: 'eight megabytes of quotation marks from another server',
    dataMb: 16,
    hostile: { megabytes: 8 },
    permitted: { megabytes: 1 },
    prepare: (scene) => scene.install('data'),
    run: (scene, { megabytes }, integrationId) =>
      scene.inside(integrationId, `return [await api('GET', size.url)];`, {
        url: `${scene.applicationUrl}/repeat/${megabytes}/%22`,
      }),
  }),
  inside({
    name: 'fifty thousand progress reports',
    dataMb: 50,
    program: `for (let i = 0; i < size.count; i++) { progress(i / size.count, 'm'.repeat(1000)); if (i % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 1)); }
      return [await api('GET', '/tokenInfo')];`,
    hostile: { count: 50_000 },
    permitted: { count: 10 },
  }),
];
