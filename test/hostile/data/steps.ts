/** Steps of installations and removals, answered by functions or written by runs. */
import assert from 'node:assert/strict';
import { attack, type DataAttack, inside } from './attack.ts';
import { summarize } from './reply-summary.ts';
import type { Scene } from './scene.ts';

const WRITE_STEPS = `
const install = Array.from({ length: size.steps }, (_, i) => ({ name: size.isSame ? 'a' : i === 0 ? 'a' : 'step ' + i, ...size.more }));
return [await api('PUT', '/integrations/' + options._integrationId, { mode: 'install', install })];`;

interface StepsSize {
  readonly steps: number;
  /** All have the same name. */
  readonly isSame?: boolean;
  /** Number of updates, keys or characters in the answer. */
  readonly count: number;
}

/** An installation with this many steps, for which a function answers with updates. */
function answered(
  name: string,
  { dataMb, source, hostile, expected }: { dataMb: number; source: string; hostile: StepsSize; expected: object },
): DataAttack {
  return attack({
    name,
    dataMb,
    hostile,
    permitted: { steps: 3, count: 2, isSame: hostile.isSame ?? false },
    async prepare(scene, size) {
      const integrationId = await scene.install('data');
      const [reply] = await scene.inside(integrationId, WRITE_STEPS, size);
      assert.equal(reply?.status, 200);
      return integrationId;
    },
    run: async (scene, size, integrationId) => [
      summarize(
        await scene.answers(integrationId, 'installer', `return { success: true, stepsToUpdate: ${source} };`, size),
      ),
    ],
    async check(scene, integrationId) {
      const { body } = await scene.client('GET', `/integrations/${integrationId}`);
      assert.partialDeepStrictEqual(body.install[0], expected);
    },
  });
}

/** Steps written by a run, one of which a function then completes. */
function written(
  name: string,
  dataMb: number,
  hostile: { readonly steps: number; readonly chars: number },
): DataAttack {
  return attack({
    name,
    dataMb,
    hostile,
    permitted: { steps: 3, chars: 10 },
    prepare: (scene) => scene.install('data'),
    async run(scene, { steps, chars }, integrationId) {
      const more = { form: { text: 'x'.repeat(chars) }, completed: false, installerFunction: 'answer' };
      const replies = await scene.inside(integrationId, WRITE_STEPS, { steps, more });
      return [...replies, summarize(await scene.answers(integrationId, 'installer', 'return { success: true };', {}))];
    },
    async check(scene, integrationId) {
      const { body } = await scene.client('GET', `/integrations/${integrationId}`);
      assert.deepEqual([body.mode, body.install[0].completed], ['settings', true]);
    },
  });
}

/** Answers of a pre-uninstall function. */
function removal(name: string, dataMb: number, source: string, hostile: { readonly count: number }): DataAttack {
  return attack({
    name,
    dataMb,
    hostile,
    permitted: { count: 2 },
    prepare: (scene: Scene) => scene.install('removal'),
    run: async (scene, size, integrationId) => [
      summarize(await scene.answers(integrationId, 'uninstaller', `return ${source};`, size)),
    ],
    async check(scene, integrationId) {
      const { body } = await scene.client('GET', `/integrations/${integrationId}`);
      assert.deepEqual([body.mode, body.uninstall.length], ['uninstall', 2]);
    },
  });
}

export const steps: readonly DataAttack[] = [
  answered('three hundred and fifty thousand updates of one step', {
    dataMb: 5,
    source: `Array(size.count).fill({ name: 'a' })`,
    hostile: { steps: 1_000, count: 350_000 },
    expected: { name: 'a' },
  }),
  answered('twenty thousand updates with a key each', {
    dataMb: 1,
    source: `Array.from({ length: size.count }, (_, i) => ({ name: 'a', ['key' + i]: i }))`,
    hostile: { steps: 1_000, count: 20_000 },
    expected: { key0: 0, key1: 1 },
  }),
  answered('an update of fifty thousand keys for a thousand steps of the same name', {
    dataMb: 2,
    source: `[Object.assign({ name: 'a' }, ...[{}, ...Array.from({ length: size.count }, (_, i) => i)].map((i) => typeof i === 'number' ? { ['key' + i]: i } : i))]`,
    hostile: { steps: 1_000, count: 50_000, isSame: true },
    expected: { key0: 0, key1: 1 },
  }),
  answered('an update of four million characters for a thousand steps of the same name', {
    dataMb: 4,
    source: `[{ name: 'a', text: 'x'.repeat(size.count) }]`,
    hostile: { steps: 1_000, count: 4_000_000, isSame: true },
    expected: { text: 'xx' },
  }),
  answered('a thousand updates of four kilobytes for a thousand steps of the same name', {
    dataMb: 4,
    source: `Array.from({ length: size.count }, (_, i) => ({ name: 'a', text: String(i).padEnd(4_000, 'x'), form: { i } }))`,
    hostile: { steps: 1_000, count: 1_000, isSame: true },
    expected: { form: { i: 1 } },
  }),
  answered('one and a half million invalid updates', {
    dataMb: 5,
    source: `[{ name: 'a', found: true }, ...Array(size.count).fill([])]`,
    hostile: { steps: 1_000, count: 1_500_000 },
    expected: { found: true },
  }),
  inside({
    name: 'two hundred thousand zeros instead of steps',
    dataMb: 1,
    program: `const install = size.count ? Array(size.count).fill(0) : [{ name: 'a' }];
      return [await api('PUT', '/integrations/' + options._integrationId, { install })];`,
    hostile: { count: 200_000 },
    permitted: { count: 0 },
  }),
  inside({
    name: 'thirty thousand steps without a name',
    dataMb: 1,
    program: `const install = Array.from({ length: size.count }, () => size.isRight ? { name: 'a' } : { completed: 1 });
      return [await api('PUT', '/integrations/' + options._integrationId, { install })];`,
    hostile: { count: 30_000 },
    permitted: { count: 3, isRight: true },
  }),
  written('steps with forms of seven megabytes, one of them completed', 7, { steps: 1_000, chars: 6_300 }),
  written('steps of the maximum size, one of them completed', 1, { steps: 900, chars: 190 }),
  removal('a removal of three hundred and fifty thousand steps', 5, `Array(size.count).fill({ name: 'a' })`, {
    count: 350_000,
  }),
  removal('a removal of one and a half million empty steps', 5, 'Array(size.count).fill({})', { count: 1_500_000 }),
];
