/** `bulkhead backup`: reads the data folder or the database, or asks the server that uses the folder. */
import { createWriteStream, existsSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { backupOf } from '../store/backup.ts';
import { syncFolder, temporaryPathFor } from '../store/files.ts';
import { assertExists, locationOf } from '../store-location.ts';
import { type Command, CommandError, jsonFlag, print, serverOptions } from './command.ts';
import { progressLineOn, withProgress } from './progress-line.ts';
import { requestOk } from './server-client.ts';
import { isServerNamed, withStore } from './with-store.ts';

export const backup: Command = {
  name: 'backup',
  summary: 'Saves integrations, granted permissions and OAuth clients to a file. The server may keep running.',
  expects: 'one file',
  args: [['<file>', 'where to save, such as `bulkhead.backup.gz`']],
  flags: [{ syntax: '--overwrite', help: 'replaces an existing file' }, jsonFlag],
  options: ['data', 'store', ...serverOptions],
  usesServer: true,
  examples: ['bulkhead backup bulkhead.backup.gz', 'BULKHEAD_TOKEN=secret bulkhead backup nightly.gz --overwrite'],

  async run(context) {
    const { args, flags, options, url, signal, out, cwd } = context;
    const file = resolve(cwd, args[0] as string);
    if (existsSync(file) && flags.overwrite !== true) {
      throw new CommandError(`${args[0]} already exists; --overwrite replaces it.`);
    }
    const folder = dirname(file);
    if (!existsSync(folder)) throw new CommandError(`There is no folder ${folder}.`);
    // A misspelt store would give an empty backup, noticed only when it is needed.
    if (!isServerNamed(context)) await assertExists(locationOf(options, cwd));
    const temporary = temporaryPathFor(file);
    const progress = progressLineOn(out);
    const save = (bytes: Readable): Promise<void> =>
      pipeline(withProgress(bytes, progress, 'Saving'), createWriteStream(temporary, { mode: 0o600, flush: true }), {
        signal,
      });
    try {
      const viaServer = async (reason: string): Promise<void> => {
        const { body } = await requestOk({ url, options, signal, reason }, { method: 'GET', path: '/v1/backup' });
        if (!body) throw new CommandError('The server sent no backup.');
        await save(Readable.fromWeb(body as ReadableStream<Uint8Array>));
      };
      await withStore(
        'backup',
        context,
        async ({ documents, parts, audit }) => {
          await save(backupOf(documents, new Date(), parts));
          await audit({ event: 'backup', resourceType: 'server' });
        },
        viaServer,
      );
      await rename(temporary, file);
      await syncFolder(folder);
    } finally {
      progress.clear();
      await rm(temporary, { force: true });
    }
    print(context, {
      text: `Saved to ${args[0]}. Its credentials are encrypted: back up the secret key, too, in a different place.`,
      json: { file, bytes: (await stat(file)).size },
    });
    return undefined;
  },
};
