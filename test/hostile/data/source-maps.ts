/** Source maps in bundles, which the runtime reads for every failed run. */
import assert from 'node:assert/strict';
import { packed } from '../../support/tarballs.ts';
import { attack, type DataAttack } from './attack.ts';
import { type ReplySummary, summarize } from './reply-summary.ts';

/** Fails with a stack of this many frames in the bundle, all on the first line or each on its own line. */
const failing = (name: string, frames: number, isOneLine: boolean): string => `
exports.settings = {
  next: () => 'served',
  fail() {
    const at = Array.from({ length: ${frames} }, (_, i) => 'at f (${name}/index.js:' + (${isOneLine} ? 1 : 20_000 * i + 1) + ':' + (i + 1) + ')');
    throw Object.assign(new Error('failed'), { stack: ['Error: failed', ...at].join('\\n') });
  },
};`;

interface MapSize {
  /** Members of the map besides its version, as JSON. */
  readonly mappings: () => string;
  readonly sources?: () => string;
  readonly sourcesContent?: () => string;
  readonly isOneLine?: boolean;
  readonly frames: number;
  readonly calls: number;
}

const right: MapSize = { mappings: () => '"AAAA;AACA"', frames: 2, calls: 1 };

function map(name: string, dataMb: number, hostile: MapSize, count: number): DataAttack {
  const bundle = (id: string, size: MapSize): Buffer => {
    const { mappings, sources = () => '["author.ts"]', sourcesContent = () => '[]', isOneLine = false, frames } = size;
    const text = `{"version":3,"mappings":${mappings()},"sources":${sources()},"sourcesContent":${sourcesContent()}}`;
    const code = failing(id, frames, isOneLine);
    return packed(id, { code }, [{ path: 'package/index.js.map', content: text }]);
  };
  return attack({
    name,
    dataMb,
    hostile,
    permitted: right,
    async prepare(scene, size) {
      const id = `map-${count}-${size === right ? 'right' : 'hostile'}`;
      const reply = await scene.upload(bundle(id, size));
      // A bundle with too large a map may be refused.
      return { upload: summarize(reply), integrationId: reply.status < 300 ? await scene.install(id) : '' };
    },
    async run(scene, { calls }, { upload, integrationId }) {
      const replies: ReplySummary[] = [upload];
      if (integrationId === '') return replies;
      for (let i = 0; i < calls; i++) {
        replies.push(summarize(await scene.client('PUT', `/integrations/${integrationId}/settings/fail`, {})));
      }
      return replies;
    },
    right: [201, 422],
    async check(scene, { integrationId }) {
      const { body } = await scene.client('GET', `/integrations/${integrationId}/runs`);
      const { body: run } = await scene.client('GET', `/integrations/${integrationId}/runs/${body[0]._id}`);
      assert.match(JSON.stringify(run), /author\.ts:1:1/);
    },
  });
}

const MI = 1024 * 1024;

export const sourceMaps: readonly DataAttack[] = [
  map(
    'two million lines without a mapping, and a stack of a hundred frames',
    2,
    {
      mappings: () => `"${';'.repeat(2 * MI)}"`,
      frames: 100,
      calls: 3,
    },
    1,
  ),
  map(
    'four hundred thousand mappings in one line that a stack names a hundred times',
    2,
    {
      mappings: () => `"${'AAAA,'.repeat(400_000)}AAAA"`,
      isOneLine: true,
      frames: 100,
      calls: 3,
    },
    2,
  ),
  map(
    'sourcesContent nested two and a half million levels deep',
    5,
    {
      ...right,
      sourcesContent: () => '['.repeat(2.5 * MI) + ']'.repeat(2.5 * MI),
      calls: 2,
    },
    3,
  ),
  map(
    'sourcesContent of two million empty arrays',
    6,
    {
      ...right,
      sourcesContent: () => `[${'[],'.repeat(1.9 * MI)}[]]`,
      calls: 3,
    },
    4,
  ),
  map('half a million sources', 2, { ...right, sources: () => `[${'"",'.repeat(500_000)}""]`, calls: 3 }, 5),
  map(
    'twenty thousand sources of two hundred and fifty characters',
    5,
    {
      ...right,
      sources: () => JSON.stringify(Array.from({ length: 20_000 }, (_, i) => String(i).padEnd(250, 'x'))),
      calls: 3,
    },
    6,
  ),
  map(
    'one mapping of five megabytes of digits',
    5,
    { ...right, mappings: () => `"${'g'.repeat(2 * MI)}"`, calls: 3 },
    7,
  ),
];
