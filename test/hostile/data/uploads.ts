/** Tarballs that unpack to large data, and bundles with large files. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { packed, type TarEntry, tarOf, tgzOf } from '../../support/tarballs.ts';
import { atOnce, attack, type DataAttack } from './attack.ts';
import { summarize } from './reply-summary.ts';

const MIB = 1024 * 1024;
const CODE = "exports.settings = { next: () => 'served' };";

/** The control is a small bundle of the same kind. */
function upload(
  name: string,
  dataMb: number,
  make: (name: string) => Buffer,
  small: (name: string) => Buffer,
): DataAttack {
  const id = name.replaceAll(' ', '-');
  return attack({
    name,
    dataMb,
    hostile: make,
    permitted: small,
    prepare: async (_scene, of) => of(of === small ? `${id}-right` : id),
    run: async (scene, _of, tarball) => [summarize(await scene.upload(tarball))],
  });
}

const withFiles = (entries: readonly TarEntry[]) => (name: string) => packed(name, { code: CODE }, entries);
const withCode = (code: string) => (name: string) => packed(name, { code });
const file = (path: string, content: Buffer | string = ''): TarEntry => ({ path: `package/${path}`, content });

export const uploads: readonly DataAttack[] = [
  upload(
    'sixty megabytes of zeros in a file beside the code',
    64,
    withFiles([file('zeros.bin', Buffer.alloc(60 * MIB))]),
    withFiles([file('zeros.bin', Buffer.alloc(1_000))]),
  ),
  upload(
    'two hundred megabytes of zeros in two hundred kilobytes',
    64,
    (name) => {
      const whole = tarOf([file('package.json', `{"name":"${name}"}`)]);
      return gzipSync(Buffer.concat([whole, Buffer.alloc(200 * MIB)]), { level: 1 });
    },
    withCode(CODE),
  ),
  upload(
    'sixty megabytes of zeros after the end of the archive',
    60,
    (name) => gzipSync(Buffer.concat([gunzipSync(packed(name, { code: CODE })), Buffer.alloc(60 * MIB)]), { level: 1 }),
    withCode(CODE),
  ),
  upload(
    'a hundred and twenty thousand entries',
    62,
    withFiles(Array.from({ length: 115_000 }, (_, i) => file(`f${i}`))),
    withFiles(Array.from({ length: 10 }, (_, i) => file(`f${i}`))),
  ),
  upload(
    'two thousand entries with names of the maximum length',
    4,
    withFiles(Array.from({ length: 1_990 }, (_, i) => file(`${'folder/'.repeat(10)}${String(i).padEnd(25, 'x')}`))),
    withFiles([file('folder/folder/f')]),
  ),
  upload('code of fifteen megabytes', 15, withCode(`${CODE}\n//${'x'.repeat(15 * MIB)}`), withCode(`${CODE}\n//x`)),
  upload(
    'code of fifteen megabytes with a source map in its last line',
    15,
    withCode(`${CODE}\n//# sourceMappingURL=data:application/json;base64,${'W'.repeat(15 * MIB)}`),
    withCode(`${CODE}\n//# sourceMappingURL=data:application/json;base64,e30=`),
  ),
  upload(
    'code that opens ten million brackets',
    10,
    withCode(`${CODE}\nconst a = ${'['.repeat(10 * MIB)}`),
    withCode(`${CODE}\nconst a = ${'['.repeat(10)}${']'.repeat(10)};`),
  ),
  upload(
    'a manifest with six megabytes of spaces',
    6,
    (name) =>
      tgzOf([
        file(
          'package.json',
          `{"name":"${name}","version":"1.0.0","main":"index.js","connector":{}${' '.repeat(5.9 * MIB)}}`,
        ),
        file('index.js', CODE),
      ]),
    (name) =>
      tgzOf([
        file('package.json', `{"name":"${name}","version":"1.0.0","main":"index.js","connector":{}   }`),
        file('index.js', CODE),
      ]),
  ),
  attack({
    name: 'sixteen tarballs of thirty megabytes at once',
    dataMb: 64,
    isLong: true,
    hostile: { times: 16, megabytes: 30 },
    permitted: { times: 2, megabytes: 1 },
    prepare: async (_scene, { megabytes }) =>
      packed('at-once', { code: CODE }, [file('zeros.bin', Buffer.alloc(megabytes * MIB))]),
    run: (scene, { times }, tarball) => atOnce(times, () => scene.upload(tarball)),
  }),
  attack({
    name: 'thirty megabytes that are not a tarball, eight times at once',
    dataMb: 240,
    isLong: true,
    hostile: { times: 8, bytes: 30 * MIB },
    permitted: { times: 1, bytes: 0 },
    prepare: async (_scene, { bytes }) => (bytes === 0 ? packed('is-one', { code: CODE }) : Buffer.alloc(bytes, 0x1f)),
    run: (scene, { times }, tarball) => atOnce(times, () => scene.upload(tarball)),
  }),
];
