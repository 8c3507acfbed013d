/** Large lists and replies, some of them never read. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { attack, CONTROL_FLOOD_MS, type DataAttack } from './attack.ts';
import { type ReplySummary, summarize } from './reply-summary.ts';
import { type Scene, TOKEN } from './scene.ts';

const TAG = 'of the suite';

/** Creates integrations with large settings as a user. */
async function withSettings(scene: Scene, count: number, rows: number): Promise<void> {
  const settings = { rows: Array.from({ length: rows }, (_, n) => ({ n, text: 'x'.repeat(60) })) };
  for (let i = 0; i < count; i++) {
    const { body } = await scene.client('POST', '/integrations', { name: `n${i}`, tag: TAG, settings });
    scene.track(body._id);
  }
}

/** Sends a request, and disconnects when the reply begins. */
const abandoned = (scene: Scene, path: string): Promise<ReplySummary> =>
  new Promise((resolve, reject) => {
    const asking = request(new URL(`/v1${path}`, scene.server.url), { headers: { authorization: `Bearer ${TOKEN}` } });
    asking.on('response', (response) => {
      resolve({ status: response.statusCode ?? 0 });
      response.destroy();
    });
    asking.on('error', reject).end();
  });

export const lists: readonly DataAttack[] = [
  attack({
    name: 'a flood of three hundred lists of twenty-four megabytes, refused unread',
    dataMb: 72,
    isLong: true,
    isFlood: true,
    hostile: { flows: 1_000, kilobytes: 24, times: 300 },
    permitted: { flows: 3, kilobytes: 1, times: 2 },
    prepare: async (scene, size) => scene.fill(await scene.install('data'), size),
    run: (scene, { times }, integrationId) =>
      scene.inside(
        integrationId,
        `const until = Date.now() + size.ms;
        const replies = [];
        const list = async () => { while (replies.length < size.times && Date.now() < until) replies.push(await ask('GET', '/flows')); };
        await Promise.all(Array.from({ length: 50 }, list));
        return replies.slice(0, 10);`,
        { times, ms: times === 2 ? CONTROL_FLOOD_MS : scene.floodMs },
      ),
  }),
  attack({
    name: 'thirty integrations with settings of almost a megabyte, listed with and without them',
    dataMb: 60,
    hostile: { count: 30, rows: 11_000 },
    permitted: { count: 3, rows: 3 },
    prepare: (scene, { count, rows }) => withSettings(scene, count, rows),
    async run(scene, { count, rows }) {
      const queries = ['', 'include=name', 'exclude=settings', 'include=settings.rows'];
      const replies: ReplySummary[] = [];
      for (const query of queries) {
        const reply = await scene.client('GET', `/integrations?tag=${encodeURIComponent(TAG)}&${query}`);
        if (rows === 3) assert.equal(reply.body.length, count);
        replies.push(summarize(reply));
      }
      return [...replies, summarize(await scene.client('GET', '/tiles'))];
    },
  }),
  attack({
    name: 'ten clients that disconnect when a list of sixteen megabytes begins',
    dataMb: 160,
    hostile: { count: 30, rows: 8_000, clients: 10 },
    permitted: { count: 2, rows: 3, clients: 2 },
    prepare: (scene, { count, rows }) => withSettings(scene, count, rows),
    run: (scene, { clients }) => Promise.all(Array.from({ length: clients }, () => abandoned(scene, '/integrations'))),
  }),
  attack({
    name: 'fifty conditional reads of a record of seven megabytes',
    isLong: true,
    dataMb: 14,
    hostile: { rows: 32_000, times: 50 },
    permitted: { rows: 3, times: 2 },
    prepare: async (scene, { rows }) => {
      const integrationId = await scene.install('data');
      await scene.inside(
        integrationId,
        `return [await api('POST', '/exports', { name: 'n', rows: Array.from({ length: size.rows }, (_, n) => ({ n, text: 'x'.repeat(180) })) })];`,
        { rows },
      );
      const { body } = await scene.client('GET', `/exports?_integrationId=${integrationId}&include=name`);
      return body[0]._id as string;
    },
    async run(scene, { times }, id) {
      const first = await scene.client('GET', `/exports/${id}`);
      const headers = { 'if-none-match': first.headers.get('etag') ?? '' };
      const replies: ReplySummary[] = [summarize(first)];
      for (let i = 0; i < times; i++)
        replies.push(summarize(await scene.client('GET', `/exports/${id}`, undefined, headers)));
      if (times === 2)
        assert.deepEqual(
          replies.map(({ status }) => status),
          [200, 304, 304],
        );
      return replies.slice(0, 1);
    },
  }),
];
