/** Connector state, and commits of large documents. */
import { atOnce, attack, CONTROL_FLOOD_MS, type DataAttack, inside } from './attack.ts';
import { type ReplySummary, summarize } from './reply-summary.ts';

const statePath = `'/integrations/' + options._integrationId + '/state/'`;

export const state: readonly DataAttack[] = [
  attack({
    name: 'a flood of tiny writes to a document of thirty megabytes, each committed',
    isLong: true,
    dataMb: 30,
    isFlood: true,
    // Few and large, since each is committed while the document is built.
    hostile: { flows: 11, kilobytes: 2_600 },
    permitted: { flows: 2, kilobytes: 1 },
    prepare: async (scene, size) => scene.fill(await scene.install('stepwise'), size),
    run: (scene, { flows }, integrationId) =>
      scene.inside(
        integrationId,
        `const until = Date.now() + size.ms;
        const replies = [];
        const write = async (i) => { while (Date.now() < until) replies.push(await ask('PUT', ${statePath} + 'k' + i, '1')); };
        await Promise.all(Array.from({ length: 10 }, (_, i) => write(i)));
        return replies;`,
        { ms: flows === 2 ? CONTROL_FLOOD_MS : scene.floodMs },
      ),
  }),
  attack({
    name: 'a thousand flows of a document of twenty-four megabytes removed while another run commits',
    isLong: true,
    dataMb: 48,
    hostile: { flows: 1_000, kilobytes: 24 },
    permitted: { flows: 4, kilobytes: 1 },
    prepare: async (scene, size) => scene.fill(await scene.install('data'), size),
    async run(scene, { flows }, integrationId) {
      const removing = scene.inside(
        integrationId,
        `const list = (await api('GET', '/flows?include=name')).json();
        const replies = [];
        for (const { _id } of list) replies.push(await api('DELETE', '/flows/' + _id));
        check('all were listed', list.length === size.flows);
        await new Promise((resolve) => setTimeout(resolve, 200));
        return replies;`,
        { flows },
      );
      const writing = atOnce(5, (i) => scene.client('PUT', `/integrations/${integrationId}/state/k${i}`, { i }));
      return (await Promise.all([removing, writing])).flat();
    },
  }),
  attack({
    name: 'values of three hundred and fifty thousand empty arrays, from a user',
    dataMb: 5,
    hostile: { count: 340_000, times: 5 },
    permitted: { count: 3, times: 2 },
    prepare: (scene) => scene.install('data'),
    run: (scene, { count, times }, integrationId) =>
      atOnce(times, (i) => scene.client('PUT', `/integrations/${integrationId}/state/k${i}`, Array(count).fill([]))),
  }),
  inside({
    name: 'a value of four million zeros',
    dataMb: 8,
    program: `return [await api('PUT', ${statePath} + 'key', '[' + '0,'.repeat(size.count) + '0]')];`,
    hostile: { count: 4_000_000 },
    permitted: { count: 3 },
  }),
  inside({
    name: 'a thousand values of thirty kilobytes in one commit',
    dataMb: 30,
    isLong: true,
    program: `const replies = [];
      const text = JSON.stringify(Array.from({ length: size.rows }, (_, n) => ({ n, text: 'x'.repeat(60) })));
      for (let i = 0; i < size.count; i += 20) replies.push(...await Promise.all(Array.from({ length: 20 }, (_, n) => api('PUT', ${statePath} + 'k' + (i + n), text))));
      return replies;`,
    hostile: { count: 1_000, rows: 375 },
    permitted: { count: 20, rows: 3 },
  }),
  attack({
    name: 'a function call that writes one key beside thirty megabytes',
    dataMb: 60,
    isLong: true,
    hostile: { flows: 1_200, kilobytes: 24 },
    permitted: { flows: 2, kilobytes: 1 },
    prepare: async (scene, size) => scene.fill(await scene.install('data'), size),
    run: (scene, _size, integrationId) =>
      scene.inside(integrationId, `return [await api('PUT', ${statePath} + 'key', '1')];`, {}),
  }),
  attack({
    name: 'renaming an integration of thirty megabytes',
    dataMb: 60,
    isLong: true,
    hostile: { flows: 1_200, kilobytes: 24 },
    permitted: { flows: 2, kilobytes: 1 },
    prepare: async (scene, size) => scene.fill(await scene.install('data'), size),
    async run(scene, _size, id) {
      const replies: ReplySummary[] = [];
      for (let i = 0; i < 5; i++)
        replies.push(summarize(await scene.client('PUT', `/integrations/${id}`, { name: `n${i}` })));
      return replies;
    },
  }),
  attack({
    name: 'a flood of tag changes beside settings of four megabytes, fifty at once',
    dataMb: 4,
    isFlood: true,
    hostile: { rows: 20_000, lanes: 50 },
    permitted: { rows: 3, lanes: 2 },
    prepare: (scene) => scene.install('data'),
    run: (scene, { rows, lanes }, integrationId) =>
      scene.inside(
        integrationId,
        `const path = '/integrations/' + options._integrationId;
        const settings = { rows: Array.from({ length: size.rows }, (_, n) => ({ n, text: 'x'.repeat(180) })) };
        const replies = [await api('PUT', path, { settings })];
        const until = Date.now() + size.ms;
        const write = async () => { while (Date.now() < until) replies.push(await ask('PUT', path, { tag: String(replies.length) })); };
        await Promise.all(Array.from({ length: size.lanes }, write));
        return replies;`,
        { rows, lanes, ms: lanes === 2 ? CONTROL_FLOOD_MS : scene.floodMs },
      ),
  }),
];
