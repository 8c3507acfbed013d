/** Manifests, in uploaded bundles and in bundles in the folder. */
import assert from 'node:assert/strict';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { tgzOf } from '../../support/tarballs.ts';
import { atOnce, attack, type DataAttack } from './attack.ts';
import { summarize } from './reply-summary.ts';

const CODE = "exports.settings = { next: () => 'served' };";
const zeros = (count: number): string => `[${'0,'.repeat(count)}0]`;

/** The text of a manifest; `members` are further members of its `connector` object. */
const manifest = (name: string, members = '"title":"t"', main = '"index.js"'): string =>
  `{"name":${JSON.stringify(name)},"version":"1.0.0","main":${main},"connector":{${members}}}`;

const bundleOf = (text: string): Buffer =>
  tgzOf([
    { path: 'package/package.json', content: text },
    { path: 'package/index.js', content: CODE },
  ]);

function sent(name: string, dataMb: number, text: (name: string) => string, right = manifest): DataAttack {
  const id = name.replaceAll(' ', '-');
  return attack({
    name,
    dataMb,
    hostile: text,
    permitted: right,
    // Packed in advance, since packing is not the server's work.
    prepare: async (_scene, make) => bundleOf(make(make === right ? `${id}-right` : id)),
    run: async (scene, _make, tarball) => [summarize(await scene.upload(tarball))],
    async check(scene) {
      const { body } = await scene.client('GET', '/connectors');
      const row = body.find((each: { name: string }) => each.name === `${id}-right`);
      assert.equal(row?.status, 'ready');
    },
  });
}

/** A form with this many fields. */
const formOf = (fields: number): string =>
  `"settings":{"fields":[${Array.from({ length: fields }, (_, i) => `{"name":"f${i}","type":"text","value":"${'v'.repeat(15)}"}`).join(',')}]}`;

export const manifests: readonly DataAttack[] = [
  sent('almost three million zeros instead of steps', 6, (name) => manifest(name, `"install":${zeros(2_900_000)}`)),
  sent('two million zeros as permissions', 6, (name) => manifest(name, `"permissions":{"fetch":${zeros(2_000_000)}}`)),
  sent('a hundred thousand invalid origins', 6, (name) =>
    manifest(
      name,
      `"permissions":{"fetch":${JSON.stringify(Array.from({ length: 100_000 }, (_, i) => `none ${i} ${'*.'.repeat(20)}`))}}`,
    ),
  ),
  sent('an origin of five million characters', 5, (name) =>
    manifest(name, `"permissions":{"fetch":["https://*.${'a.'.repeat(2_500_000)}a"]}`),
  ),
  sent('options nested two and a half million levels deep', 6, (name) =>
    manifest(name, `"opts":{"a":${'['.repeat(2_500_000)}${']'.repeat(2_500_000)}}`),
  ),
  sent('options of a million and a half empty arrays', 6, (name) =>
    manifest(name, `"opts":{"a":[${'[],'.repeat(1_500_000)}[]]}`),
  ),
  sent('four hundred thousand unknown names', 6, (name) =>
    manifest(name, Array.from({ length: 400_000 }, (_, i) => `"n${i}":0`).join(',')),
  ),
  sent('a title repeated half a million times', 6, (name) =>
    manifest(name, `${'"title":"t",'.repeat(480_000)}"title":"t"`),
  ),
  sent('a main file of five million slashes and dots', 6, (name) =>
    manifest(name, '"title":"t"', `"${'a/.'.repeat(1_900_000)}"`),
  ),
  sent('a quarter of a million steps without names', 6, (name) =>
    manifest(name, `"install":[${'{"completed":1},'.repeat(250_000)}{}]`),
  ),
  sent('a form near the limit of manifests', 1, (name) => manifest(name, formOf(4_000))),
  sent('a form near the limit of settings', 5, (name) => manifest(name, formOf(78_000))),
  attack({
    name: 'twenty installations of a form near the limit of manifests',
    dataMb: 5,
    hostile: { fields: 4_000, times: 20 },
    permitted: { fields: 3, times: 2 },
    async prepare(scene, { fields }) {
      const name = `installed-form-${fields}`;
      const reply = await scene.upload(bundleOf(manifest(name, formOf(fields))));
      return reply.status < 300 ? (reply.body._id as string) : undefined;
    },
    async run(scene, { times }, connectorId) {
      if (connectorId === undefined) return [{ status: 422, code: 'refused before' }];
      return atOnce(times, async () => {
        const reply = await scene.client('POST', `/integrations/${connectorId}/install`, {});
        if (reply.status === 200) scene.track(reply.body._id);
        return reply;
      });
    },
  }),
  attack({
    name: 'a bundle with almost three million zeros, dropped into the folder',
    dataMb: 6,
    hostile: { members: `"install":${zeros(2_900_000)}` },
    permitted: { members: '"title":"t"' },
    async prepare(scene, { members }) {
      const name = `dropped-${members.length}`;
      const aside = join(scene.connectorsFolder, `_${name}`);
      await mkdir(aside);
      await writeFile(join(aside, 'package.json'), manifest(name, members));
      await writeFile(join(aside, 'index.js'), CODE);
      return { name, aside };
    },
    async run(scene, { members }, { name, aside }) {
      await rename(aside, join(scene.connectorsFolder, name));
      for (;;) {
        const { body } = await scene.client('GET', '/connectors');
        const row = body.find((each: { name: string; folder?: string }) => JSON.stringify(each).includes(`"${name}"`));
        if (row) {
          await rm(join(scene.connectorsFolder, name), { recursive: true });
          return [{ status: row.status === (members.length > 100 ? 'invalid' : 'ready') ? 200 : 0, code: row.status }];
        }
        await pause(20);
      }
    },
  }),
];
