/** `bulkhead pack`: makes a `.tgz` for a server's connectors folder. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { tarballOf } from '../connector/tarball.ts';
import { temporaryPathFor } from '../store/files.ts';
import { type Command, FAILED, jsonFlag, print } from './command.ts';
import { folderArgument, folderOf, inspect, minifyFlag, oldStyleFlags, printFindings, summarize } from './inspect.ts';

/** Packed, too, if present. */
const DOCUMENTS = ['README.md', 'LICENSE', 'CHANGELOG.md'];

export const pack: Command = {
  name: 'pack',
  summary: 'Builds a connector and packs it into NAME-VERSION.tgz. The same files give the same bytes.',
  expects: 'one folder',
  args: [folderArgument],
  flags: [
    { syntax: '--output <folder>', help: 'where to write the file; default: the current folder' },
    minifyFlag,
    ...oldStyleFlags,
    jsonFlag,
  ],
  examples: ['bulkhead pack', 'bulkhead pack connectors/weather --output /srv/bulkhead/connectors --json'],

  async run(context) {
    const { flags, cwd } = context;
    const inspection = await inspect(context);
    const { bundle, findings } = inspection;
    printFindings(context, inspection);
    if (!bundle) {
      print(context, { text: `${summarize(inspection)}: nothing was packed.`, json: { packed: false, findings } });
      return FAILED;
    }
    const { connector, files } = bundle;
    const { name, version } = connector.manifest;
    const all = [...files, ...(await readDocuments(folderOf(context)))].sort(([a], [b]) => (a < b ? -1 : 1));
    const bytes = await tarballOf(new Map(all));
    const digest = `sha256-${createHash('sha256').update(bytes).digest('hex')}`;
    const folder = resolve(cwd, typeof flags.output === 'string' ? flags.output : '.');
    await mkdir(folder, { recursive: true });
    // Like npm, makes the scope part of the name.
    const file = join(folder, `${name.replace(/^@/, '').replaceAll(/[/\\\s]+/g, '-')}-${version}.tgz`);
    const temporary = temporaryPathFor(file);
    await writeFile(temporary, bytes);
    await rename(temporary, file);
    print(context, {
      text: [
        `Packed ${file} (${Math.ceil(bytes.length / 1024)} KiB).`,
        `bundle ${connector.bundle.digest}`,
        `file   ${digest}`,
      ].join('\n'),
      json: { packed: true, file, bytes: bytes.length, digest: connector.bundle.digest, fileDigest: digest, findings },
    });
    return undefined;
  },
};

async function readDocuments(folder: string): Promise<(readonly [path: string, bytes: Buffer])[]> {
  const read = async (path: string): Promise<(readonly [string, Buffer])[]> => {
    const bytes = await readFile(join(folder, path)).catch(() => undefined);
    return bytes ? [[path, bytes]] : [];
  };
  return (await Promise.all(DOCUMENTS.map(read))).flat();
}
