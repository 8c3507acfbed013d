/** `bulkhead restore`: on the data folder itself, or by the server that has it. */
import { existsSync, openAsBlob, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { integrationProblem } from '../integration/integration.ts';
import { type Restored, restore as restoreInto } from '../store/backup.ts';
import type { Store } from '../store/store.ts';
import { ask } from './ask-server.ts';
import { type Command, CommandError, jsonFlag, print, serverOptions } from './command.ts';
import { meterOn } from './meter.ts';
import { SERVER_HAS_FOLDER, withStore } from './own-store.ts';

export const restore: Command = {
  name: 'restore',
  summary: 'Puts back what a backup holds; all of it is checked before anything is stored.',
  takes: 'one file',
  args: [['<file>', 'a backup']],
  flags: [{ syntax: '--overwrite', help: 'replaces integrations that have other content' }, jsonFlag],
  options: ['data', ...serverOptions],
  asksServer: true,
  usageCode: 1,
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
    const own = (store: Store): Promise<Restored> => restoreInto(store, file, { overwrite, check: integrationProblem });
    const meter = meterOn(out);
    meter.show(`Restoring ${args[0]}`);
    // Who names a server means that one, and not a folder that happens to lie here.
    const isAsked = flags.url !== undefined;
    const restoring = isAsked
      ? askFor('restore asks a server')
      : withStore(options, own, () => askFor(SERVER_HAS_FOLDER));
    const result = await restoring.finally(() => meter.clear());
    const { restored, overwritten, unchanged } = result;
    print(given, {
      text: `Restored ${restored} integrations, overwrote ${overwritten}, found ${unchanged} as they were.`,
      json: result,
    });
    return undefined;
  },
};
