/** Restored backups: large, deep, or with a million errors. */
import assert from 'node:assert/strict';
import { type BackedDocument, backedDocument, backupOf, date, newId } from '../../support/backup-text.ts';
import { attack, type DataAttack } from './attack.ts';
import { type ReplySummary, summarize } from './reply-summary.ts';
import type { Scene } from './scene.ts';

const GZIP = { 'content-type': 'application/gzip' };

/** Flows with a text each; `more` are further fields. */
function flowsOf(count: number, chars: number, more: object = {}): Record<string, object> {
  const make = (): [string, object] => {
    const _id = newId();
    return [_id, { _id, createdAt: date, lastModified: date, name: 'flow', text: 'x'.repeat(chars), ...more }];
  };
  return Object.fromEntries(Array.from({ length: count }, make));
}

/** Restores a backup of these lines. The restored data is removed afterwards. */
async function restore(scene: Scene, backup: Buffer, ids: readonly string[]): Promise<ReplySummary> {
  for (const id of ids) scene.track(id);
  return summarize(await scene.client('POST', '/restore', backup, GZIP));
}

interface Backup {
  readonly backup: Buffer;
  readonly ids: readonly string[];
}
const backupWith = (parts: Partial<BackedDocument>): Backup => {
  const document = backedDocument(parts);
  return { backup: backupOf([JSON.stringify(document)]), ids: [document.integration._id] };
};

function restored(name: string, dataMb: number, hostile: () => Backup, permitted: () => Backup): DataAttack {
  return attack({
    name,
    dataMb,
    hostile,
    permitted,
    prepare: async (_scene, make) => make(),
    run: async (scene, _make, { backup, ids }) => [await restore(scene, backup, ids)],
    async check(scene, { ids }) {
      for (const id of ids) assert.equal((await scene.client('GET', `/integrations/${id}`)).status, 200);
    },
  });
}

const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
/** A document whose JSON has this text as a value. */
const withText = (text: string): Backup => {
  const document = backedDocument({ state: { key: 'PLACE' } });
  return { backup: backupOf([JSON.stringify(document).replace('"PLACE"', text)]), ids: [document.integration._id] };
};
const few = (): Backup => backupWith({ flows: flowsOf(3, 10) });

export const restores: readonly DataAttack[] = [
  restored('a document of almost thirty megabytes', 30, () => backupWith({ flows: flowsOf(19_000, 1_350) }), few),
  restored(
    'a document nested ten million levels deep',
    20,
    () => withText(deep(10_000_000)),
    () => withText(deep(20)),
  ),
  restored(
    'a document of ten million empty arrays',
    30,
    () => withText(`[${'[],'.repeat(10_000_000)}[]]`),
    () => withText('[[],[]]'),
  ),
  restored(
    'a million revisions that are strings',
    30,
    () => backupWith({ revisions: Object.fromEntries(Array.from({ length: 1_000_000 }, (_, i) => [`r${i}`, 'x'])) }),
    few,
  ),
  restored(
    'two hundred thousand records without any fields',
    5,
    () => backupWith({ flows: Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`r${i}`, {}])) }),
    few,
  ),
  restored(
    'nineteen thousand dangling references',
    20,
    () => backupWith({ flows: flowsOf(19_000, 800, { _connectionId: 'a'.repeat(24) }) }),
    few,
  ),
  restored('eighty-five thousand small records', 28, () => backupWith({ flows: flowsOf(85_000, 150) }), few),
  restored(
    'half a million lines that are not documents',
    2,
    () => ({ backup: backupOf(Array(500_000).fill('{}')), ids: [] }),
    () => ({ backup: backupOf([]), ids: [] }),
  ),
  restored(
    'half a million connectors without permissions',
    10,
    () => ({ backup: backupOf(Array(500_000).fill('{"acceptance":{}}')), ids: [] }),
    () => ({ backup: backupOf([]), ids: [] }),
  ),
  restored(
    'a line of a hundred megabytes',
    32,
    () => ({ backup: backupOf([`"${'x'.repeat(100_000_000)}"`]), ids: [] }),
    few,
  ),
  attack({
    name: 'the same document of twenty megabytes, repeated',
    dataMb: 40,
    isLong: true,
    hostile: { flows: 19_000, times: 3 },
    permitted: { flows: 3, times: 2 },
    async prepare(scene, { flows }) {
      const made = backupWith({ flows: flowsOf(flows, 950) });
      return { ...made, first: await restore(scene, made.backup, made.ids) };
    },
    async run(scene, { times }, { backup, ids, first }) {
      const replies = [first];
      for (let i = 0; i < times; i++) replies.push(await restore(scene, backup, ids));
      return replies;
    },
  }),
  attack({
    name: 'nineteen thousand flows of one connection: removal, dependencies, lists',
    dataMb: 40,
    isLong: true,
    hostile: { flows: 19_000 },
    permitted: { flows: 3 },
    async prepare(scene, { flows }) {
      const connection = newId();
      const made = backupWith({
        connections: { [connection]: { _id: connection, createdAt: date, lastModified: date, name: 'c' } },
        flows: flowsOf(flows, 100, { _connectionId: connection }),
      });
      const replies = await restore(scene, made.backup, made.ids);
      return { replies, connection, id: made.ids[0] as string };
    },
    async run(scene, _size, { replies, connection, id }) {
      const requests = [
        ['DELETE', `/connections/${connection}`],
        ['DELETE', `/integrations/${id}`],
        ['GET', `/integrations/${id}/dependencies`],
        ['GET', `/flows?_integrationId=${id}`],
        ['GET', '/flows?type=none'],
        ['GET', '/tiles'],
      ] as const;
      const all: ReplySummary[] = [replies];
      for (const [method, path] of requests) all.push(summarize(await scene.client(method, path)));
      return all;
    },
    right: [200, 422, 422, 200, 200, 200, 200],
  }),
  attack({
    name: 'a backup of a document of thirty megabytes',
    dataMb: 60,
    isLong: true,
    hostile: { flows: 1_200, kilobytes: 24 },
    permitted: { flows: 3, kilobytes: 1 },
    prepare: async (scene, size) => scene.fill(await scene.install('data'), size),
    run: async (scene) => [summarize(await scene.client('GET', '/backup'))],
  }),
];
