/** `bulkhead token`: makes a new administrator's token. The data folder stores only its hash. */
import { resolve } from 'node:path';
import { newAdminToken } from '../admin-token.ts';
import { lockHolder } from '../store/folder-lock.ts';
import { withTokens } from '../store/open-storage.ts';
import { openDataFolder } from '../store/private-files.ts';
import { type Command, jsonFlag, print } from './command.ts';

export const token: Command = {
  name: 'token',
  summary: "Replaces a data folder's administrator token and prints the new one, once.",
  expects: 'nothing',
  flags: [jsonFlag],
  options: ['data'],
  examples: ['bulkhead token', 'bulkhead token --data /var/lib/bulkhead --json'],

  async run(context) {
    const folder = resolve(context.cwd, context.options.data);
    await openDataFolder(folder);
    const newToken = await withTokens(folder, newAdminToken);
    const holder = lockHolder(folder);
    const note =
      holder === undefined ? '' : `The data folder is in use by ${holder}: restart it to use the new token.\n`;
    if (note !== '' && context.flags.json !== true) context.err.write(note);
    print(context, { text: newToken, json: { token: newToken, takesRestart: holder !== undefined } });
    return undefined;
  },
};
