/** Flows whose hooks and wrappers answer too much, too deep, or with changed built-ins, and what their jobs retain. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { attack, type DataAttack } from './attack.ts';
import { type ReplySummary, summarize } from './reply-summary.ts';
import type { Scene } from './scene.ts';

/** Bodies of functions of `options` and `size`. */
interface Sources {
  /** Wrapper of the export. Default: one record. */
  readonly reads?: string;
  readonly preSavePage?: string;
  readonly preMap?: string;
  /** Wrapper of the import. Default: takes everything. */
  readonly writes?: string;
}

type Size = Readonly<Record<string, number>>;

const EVERY_MS = 20;
const ONE = 'return { data: [{ id: 1 }], lastPage: true };';
const TAKEN = 'return options.postMapData.map(() => ({ statusCode: 200 }));';

interface Made {
  readonly flowId: string;
  readonly exportId: string;
}

async function made(scene: Scene, sources: Sources, size: Size): Promise<Made> {
  const _integrationId = await scene.install('data');
  const create = async (kind: string, fields: object): Promise<string> => {
    const reply = await scene.client('POST', `/${kind}`, { _integrationId, name: 'n', ...fields });
    assert.equal(reply.status, 201, reply.text);
    return reply.body._id;
  };
  const call = (source: string) => ({ function: 'flowing', configuration: { source, size } });
  const hooks = ({ preSavePage, preMap }: Sources) => ({
    ...(preSavePage ? { preSavePage: call(preSavePage) } : {}),
    ...(preMap ? { preMap: call(preMap) } : {}),
  });
  const _connectionId = await create('connections', {
    type: 'wrapper',
    wrapper: { encrypted: { password: 'secret' } },
  });
  const { reads = ONE, preSavePage, preMap, writes = TAKEN } = sources;
  const exportId = await create('exports', {
    _connectionId,
    adaptorType: 'WrapperExport',
    wrapper: call(reads),
    hooks: hooks(preSavePage ? { preSavePage } : {}),
  });
  const _importId = await create('imports', {
    _connectionId,
    adaptorType: 'WrapperImport',
    wrapper: call(writes),
    hooks: hooks(preMap ? { preMap } : {}),
  });
  const pageProcessors = [{ type: 'import', _importId }];
  return { exportId, flowId: await create('flows', { pageGenerators: [{ _exportId: exportId }], pageProcessors }) };
}

/** Runs the flow to its end. @returns the job's id and outcome */
async function ran(
  scene: Scene,
  { flowId }: Made,
): Promise<{ readonly jobId: string; readonly outcome: ReplySummary }> {
  const { body } = await scene.client('POST', `/flows/${flowId}/run`);
  for (;;) {
    const { body: job } = await scene.client('GET', `/jobs/${body._jobId}`);
    const { status, errors } = job;
    if (status === 'completed') return { jobId: body._jobId, outcome: { status: 200, code: undefined } };
    if (status === 'failed') return { jobId: body._jobId, outcome: { status: 422, code: errors[0].code } };
    await pause(EVERY_MS);
  }
}

interface Shape extends Pick<DataAttack, 'name' | 'dataMb' | 'isLong'>, Sources {
  readonly hostile: Size;
  readonly permitted: Size;
}

const flow = ({ name, dataMb, isLong = false, hostile, permitted, ...sources }: Shape): DataAttack =>
  attack({
    name,
    dataMb,
    isLong,
    hostile,
    permitted,
    prepare: (scene, size) => made(scene, sources, size),
    run: async (scene, _, given) => [(await ran(scene, given)).outcome],
  });

const REFUSE_ALL = `return options.data.map(() => ({ errors: [{ code: 'no', message: 'never' }] }));`;

export const flows: readonly DataAttack[] = [
  flow({
    name: 'a hook returns half a million errors',
    dataMb: 8,
    preSavePage: `return { data: options.data, errors: Array.from({ length: size.count }, () => ({ code: 'c', message: 'm' })) };`,
    hostile: { count: 500_000 },
    permitted: { count: 3 },
  }),
  flow({
    name: 'a hook returns records of five megabytes to be retried',
    dataMb: 8,
    preSavePage: `const retryData = { text: 'x'.repeat(size.chars) };
      return { data: options.data, newErrorsAndRetryData: Array(size.count).fill({ retryData, errors: [{ code: 'c', message: 'm' }] }) };`,
    hostile: { count: 5, chars: 5_000_000 },
    permitted: { count: 2, chars: 5 },
  }),
  flow({
    name: 'a wrapper has a state of four megabytes',
    dataMb: 8,
    reads: `const { state = 0 } = options; return { data: [], lastPage: state !== 0, state: 's'.repeat(size.chars) };`,
    hostile: { chars: 4_000_000 },
    permitted: { chars: 10 },
  }),
  flow({
    name: 'a wrapper has a state that nests ten thousand levels deep',
    dataMb: 1,
    reads: `let deep = 1; for (let i = 0; i < size.levels; i++) deep = [deep];
      return { data: [], lastPage: options.state !== undefined, state: deep };`,
    hostile: { levels: 10_000 },
    permitted: { levels: 10 },
  }),
  flow({
    name: 'a hook makes the engine answer whatever it likes',
    dataMb: 8,
    preSavePage: `const { push } = Array.prototype;
      const text = 'x'.repeat(size.chars);
      if (size.chars > 100) {
        Array.prototype.push = function (...items) {
          return push.call(this, ...items.map((item) => item && item.code ? { code: text, message: {}, retryData: text, step: -1 } : item));
        };
        JSON.stringify = () => '1';
        Promise.prototype.then = () => undefined;
      }
      return { data: options.data, errors: [{ code: 'c', message: 'm' }] };`,
    hostile: { chars: 1_000_000 },
    permitted: { chars: 10 },
  }),
  flow({
    name: 'a hook whose promise never ends',
    dataMb: 1,
    preSavePage: `return size.isEndless ? new Promise(() => {}) : { data: options.data };`,
    hostile: { isEndless: 1 },
    permitted: { isEndless: 0 },
  }),
  flow({
    name: 'a page of a hundred thousand tiny records',
    dataMb: 8,
    reads: `return { data: Array.from({ length: size.count }, () => ({})), lastPage: true };`,
    hostile: { count: 100_000 },
    permitted: { count: 3 },
    isLong: true,
  }),
  attack({
    name: 'thirty failed records of almost two megabytes, listed, in part, and sent again',
    dataMb: 60,
    isLong: true,
    hostile: { count: 30, chars: 1_900_000 },
    permitted: { count: 3, chars: 10 },
    async prepare(scene, size) {
      const sources = {
        reads: `const { state = 1 } = options;
          return { data: [{ id: state, text: 'x'.repeat(size.chars) }], lastPage: state >= size.count, state: state + 1 };`,
        preMap: REFUSE_ALL,
      };
      return ran(scene, await made(scene, sources, size));
    },
    async run(scene, { count }, { jobId, outcome }) {
      const path = `/jobs/${jobId}/joberrors`;
      const list = await scene.client('GET', path);
      if (count === 3) assert.equal(list.body.length, count);
      const replies = [list, await scene.client('GET', `${path}?include=data.id`)];
      replies.push(
        await scene.client('GET', `${path}?exclude=data.text`),
        await scene.client('POST', `/jobs/${jobId}/retry`),
      );
      return [outcome, ...replies.map(summarize)];
    },
  }),
  attack({
    name: 'flows with four thousand schedules',
    dataMb: 2,
    hostile: { flows: 5, schedules: 4_000 },
    permitted: { flows: 2, schedules: 20 },
    prepare: async (scene) => scene.track((await scene.client('POST', '/integrations', { name: 'n' })).body._id),
    async run(scene, { flows: count, schedules }, _integrationId) {
      const at = (i: number): string => `${i % 60} ${Math.floor(i / 60) % 24} 30 1 ${Math.floor(i / 1_440)}`;
      const pageGenerators = Array.from({ length: schedules }, (_, i) => ({ schedule: at(i) }));
      const all = Array.from({ length: count }, () =>
        scene.client('POST', '/flows', { _integrationId, name: 'f', pageGenerators, timezone: 'Europe/Berlin' }),
      );
      return (await Promise.all(all)).map(summarize);
    },
  }),
];
