/** `bulkhead restore`: on the data folder itself, or by the server that has it. */
import { existsSync, openAsBlob, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { restoreProblem, sealForFolder } from '../integration/restore-documents.ts';
import { type PermissionBackup, type Restored, restore as restoreInto } from '../store/backup.ts';
import type { Store } from '../store/store.ts';
import { ask } from './ask-server.ts';
import { type Command, CommandError, jsonFlag, print, serverOptions } from './command.ts';
import { withStore } from './own-store.ts';
import { progressLineOn } from './progress-line.ts';

export const restore: Command = {
  name: 'restore',
  summary: 'Puts back what a backup holds; all of it is checked before anything is stored.',
  takes: 'one file',
  args: [['<file>', 'a backup']],
  flags: [{ syntax: '--overwrite', help: 'replaces what is there with other content' }, jsonFlag],
  options: ['data', 'secretKey', ...serverOptions],
  asksServer: true,
  examples: ['bulkhead restore bulkhead.backup.gz', 'bulkhead restore nightly.gz --overwrite --data /var/lib/bulkhead'],

  async run(given) {
    const { args, flags, options, url, signal, out, cwd } = given;
    const file = resolve(cwd, args[0] as string);
    const overwrite = flags.overwrite === true;
    if (!existsSync(file)) throw new CommandError(`${args[0]} is not there.`);
    if (statSync(file).isDirectory()) throw new CommandError(`${args[0]} is a folder, and no backup.`);
    const askFor = async (why: string): Promise<Restored> => {
      const body = await openAsBlob(file, { type: 'application/gzip' });
      const path = `/v1/restore?overwrite=${overwrite}`;
      const response = await ask({ url, options, signal, why }, { method: 'POST', path, body });
      return response.json() as Promise<Restored>;
    };
    const prepare = sealForFolder(resolve(options.data), options.secretKey);
    const own = (store: Store, permissions: PermissionBackup): Promise<Restored> =>
      restoreInto(store, file, { overwrite, check: restoreProblem, prepare, permissions });
    const progress = progressLineOn(out);
    progress.show(`Restoring ${args[0]}`);
    const result = await withStore('restore', given, own, askFor).finally(() => progress.clear());
    const { restored, overwritten, unchanged, acceptances } = result;
    const permissions = acceptances > 0 ? ` Put back what ${acceptances} connectors may reach.` : '';
    print(given, {
      text: `Restored ${restored} integrations, overwrote ${overwritten}, found ${unchanged} as they were.${permissions}`,
      json: result,
    });
    return undefined;
  },
};
