/** `bulkhead restore`: writes the data folder or the database, or asks the server that uses the folder. */
import { existsSync, openAsBlob, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { restoreProblem, sealWith } from '../integration/restore-documents.ts';
import { type RestoreResult, restore as restoreInto } from '../store/backup.ts';
import { type Command, CommandError, jsonFlag, print, serverOptions } from './command.ts';
import { progressLineOn } from './progress-line.ts';
import { requestOk } from './server-client.ts';
import { type LocalStore, withStore } from './with-store.ts';

export const restore: Command = {
  name: 'restore',
  summary: 'Restores a backup. Everything is checked before anything is stored.',
  expects: 'one file',
  args: [['<file>', 'a backup']],
  flags: [{ syntax: '--overwrite', help: 'replaces existing data that differs' }, jsonFlag],
  options: ['data', 'store', 'secretKey', ...serverOptions],
  usesServer: true,
  examples: ['bulkhead restore bulkhead.backup.gz', 'bulkhead restore nightly.gz --overwrite --data /var/lib/bulkhead'],

  async run(context) {
    const { args, flags, options, url, signal, out, cwd } = context;
    const file = resolve(cwd, args[0] as string);
    const overwrite = flags.overwrite === true;
    if (!existsSync(file)) throw new CommandError(`${args[0]} does not exist.`);
    if (statSync(file).isDirectory()) throw new CommandError(`${args[0]} is a folder, not a backup.`);
    const viaServer = async (reason: string): Promise<RestoreResult> => {
      const body = await openAsBlob(file, { type: 'application/gzip' });
      const path = `/v1/restore?overwrite=${overwrite}`;
      const response = await requestOk({ url, options, signal, reason }, { method: 'POST', path, body });
      return response.json() as Promise<RestoreResult>;
    };
    const locally = async ({ documents, parts, keys, audit }: LocalStore): Promise<RestoreResult> => {
      const prepare = sealWith(keys, options.secretKey);
      const result = await restoreInto(documents, file, { overwrite, check: restoreProblem, prepare, parts });
      await audit({ event: 'restore', resourceType: 'server' });
      return result;
    };
    const progress = progressLineOn(out);
    progress.show(`Restoring ${args[0]}`);
    const result = await withStore('restore', context, locally, viaServer).finally(() => progress.clear());
    const { restored, overwritten, unchanged, acceptances, oauthClients = 0 } = result;
    const permissions = acceptances > 0 ? ` Restored the permissions of ${acceptances} connectors.` : '';
    const clients = oauthClients > 0 ? ` Restored ${oauthClients} OAuth clients.` : '';
    print(context, {
      text: `Restored ${restored} integrations, overwrote ${overwritten}, left ${unchanged} unchanged.${permissions}${clients}`,
      json: result,
    });
    return undefined;
  },
};
