/** What a server that has been fuzzed leaves behind: all of it is whole, and the next start reads it. */
import { recordKinds } from '../../src/store/stored.ts';
import { type Client, createPooledClient } from '../support/client.ts';
import { callCommand } from '../support/command.ts';
import { launchServer } from '../support/server.ts';
import { environmentOf, TOKEN, type World } from './world.ts';

/** The ids of what there is of each. */
type Inventory = Readonly<Record<string, readonly string[]>>;

const LISTS = ['integrations', ...recordKinds, 'connectors'];

/** Ends the world. @returns what is wrong afterwards, in words; nothing if all is well */
export async function aftermath(world: World): Promise<string[]> {
  const before = await inventory(world.client);
  const code = await world.close();
  const environment = environmentOf(world.folder);
  const doctor = await callCommand(['doctor'], { environment: { ...environment, BULKHEAD_PORT: '0' } });
  const server = await launchServer(environment);
  const { client, close } = createPooledClient(server.url, TOKEN, 4);
  try {
    const after = await inventory(client);
    const ready = await client('GET', '/readyz');
    return [
      ...(code === 0 ? [] : [`the server ended with ${code}`]),
      ...(doctor.code === 0 ? [] : [`doctor: ${doctor.stdout}${doctor.stderr}`]),
      ...LISTS.filter((list) => String(before[list]) !== String(after[list])).map(
        (list) => `${list}: ${before[list]} before the restart, and ${after[list]} after it`,
      ),
      ...(ready.status === 200 && ready.body.status === 'ok' ? [] : [`/readyz: ${ready.text}`]),
      ...(server.stderr() === '' ? [] : [server.stderr()]),
    ];
  } finally {
    await close();
    await server.stop('SIGTERM');
  }
}

/** Every page of every list, and each integration by itself. */
async function inventory(client: Client): Promise<Inventory> {
  const ids: Record<string, readonly string[]> = {};
  for (const list of LISTS) {
    const found: string[] = [];
    let path: string | undefined = `/v1/${list}`;
    while (path !== undefined) {
      const { status, body, headers, text } = await client('GET', path);
      if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
      found.push(...body.map(({ _id }: { _id: string }) => _id));
      path = /<https?:\/\/[^/]+([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1];
    }
    ids[list] = found;
  }
  return ids;
}
