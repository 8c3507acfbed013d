/** `bulkhead token`: makes a new administrator's token. Only its hash is stored. */
import { newAdminToken } from '../admin-token.ts';
import { lockHolder } from '../store/folder-lock.ts';
import { withTokens } from '../store/open-storage.ts';
import { openDataFolder } from '../store/private-files.ts';
import { assertCanCreate, locationOf, nodesOn, openLocation, type StoreLocation } from '../store-location.ts';
import { type Command, jsonFlag, print } from './command.ts';

export const token: Command = {
  name: 'token',
  summary: "Replaces the administrator's token of a data folder or database and prints the new one, once.",
  expects: 'nothing',
  flags: [jsonFlag],
  options: ['data', 'store'],
  examples: ['bulkhead token', 'bulkhead token --data /var/lib/bulkhead --json'],

  async run(context) {
    const location = locationOf(context.options, context.cwd);
    const newToken = await replaceToken(location);
    const users = await usersOf(location);
    if (users !== undefined && context.flags.json !== true) context.err.write(`${users} to use the new token.\n`);
    print(context, { text: newToken, json: { token: newToken, takesRestart: users !== undefined } });
    return undefined;
  },
};

async function replaceToken(location: StoreLocation): Promise<string> {
  if ('folder' in location) {
    await assertCanCreate(location);
    // Even while a server holds the folder's lock.
    await openDataFolder(location.folder);
    return withTokens(location.folder, newAdminToken);
  }
  const { storage } = await openLocation(location);
  try {
    return await newAdminToken(storage.tokens);
  } finally {
    await storage.close();
  }
}

/** Who uses the old token and what to do about it: the beginning of a sentence. */
async function usersOf(location: StoreLocation): Promise<string | undefined> {
  if ('folder' in location) {
    const holder = lockHolder(location.folder);
    return holder === undefined ? undefined : `The data folder is in use by ${holder}: restart it`;
  }
  const nodes = await nodesOn(location);
  if (nodes.length === 0) return undefined;
  return `The database is in use by the nodes ${nodes.join(', ')}: restart them`;
}
