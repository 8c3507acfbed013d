/** `bulkhead token`: a new administrator's token; the data folder keeps its hash alone. */
import { resolve } from 'node:path';
import { newAdminToken } from '../admin-token.ts';
import { lockHolder } from '../store/folder-lock.ts';
import { openDataFolder } from '../store/private-files.ts';
import { type Command, jsonFlag, print } from './command.ts';

export const token: Command = {
  name: 'token',
  summary: "Makes a new administrator's token for a data folder, in the place of the old one, and prints it once.",
  expects: 'nothing',
  flags: [jsonFlag],
  options: ['data'],
  examples: ['bulkhead token', 'bulkhead token --data /var/lib/bulkhead --json'],

  async run(context) {
    const folder = resolve(context.cwd, context.options.data);
    await openDataFolder(folder);
    const newToken = await newAdminToken(folder);
    const holder = lockHolder(folder);
    const note =
      holder === undefined ? '' : `The data folder is in use by ${holder}: restart it to have the new token taken.\n`;
    if (note !== '' && context.flags.json !== true) context.err.write(note);
    print(context, { text: newToken, json: { token: newToken, takesRestart: holder !== undefined } });
    return undefined;
  },
};
