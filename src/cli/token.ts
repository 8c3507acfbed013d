/** `bulkhead token`: a new administrator's token; the data folder keeps its hash alone. */
import { resolve } from 'node:path';
import { newAdminToken } from '../admin-token.ts';
import { lockHolder } from '../store/folder-lock.ts';
import { withTokens } from '../store/open-storage.ts';
import { openDataFolder } from '../store/private-files.ts';
import { type Command, jsonFlag, print } from './command.ts';

export const token: Command = {
  name: 'token',
  summary: "Makes a new administrator's token for a data folder, in the place of the old one, and prints it once.",
  takes: 'nothing',
  flags: [jsonFlag],
  options: ['data'],
  examples: ['bulkhead token', 'bulkhead token --data /var/lib/bulkhead --json'],

  async run(given) {
    const folder = resolve(given.cwd, given.options.data);
    await openDataFolder(folder);
    const made = await withTokens(folder, newAdminToken);
    const holder = lockHolder(folder);
    const note =
      holder === undefined ? '' : `The data folder is in use by ${holder}: restart it to have the new token taken.\n`;
    if (note !== '' && given.flags.json !== true) given.err.write(note);
    print(given, { text: made, json: { token: made, takesRestart: holder !== undefined } });
    return undefined;
  },
};
