/** `bulkhead dev`: builds a connector whenever it changes, and serves it. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { pino } from 'pino';
import { readProject } from '../author/project.ts';
import { connectorIdOf } from '../connector/manifest.ts';
import type { ConnectorRow } from '../connector/registry-entry.ts';
import { watchBundles } from '../connector/watch.ts';
import { RequestError } from '../errors.ts';
import { optionNames } from '../options.ts';
import { createRuntime, type Runtime } from '../runtime.ts';
import { type AskedServer, ask } from './ask-server.ts';
import { type Command, CommandError, type CommandInput } from './command.ts';
import { DevBuilder } from './dev-builder.ts';
import { DevLog, loadedLine, refusedLine } from './dev-log.ts';
import { errorMessage } from './error-message.ts';
import { followEvents } from './follow-events.ts';
import { folderArgument, folderOf } from './inspect.ts';

/** In the author's folder; hidden, so that nobody takes it for a part of the connector. */
const OWN_FOLDER = '.bulkhead';
const TOKEN_BYTES = 24;

export const dev: Command = {
  name: 'dev',
  summary: 'Serves a connector while you write it: builds, reloads, and shows what its runs log.',
  takes: 'one folder',
  args: [folderArgument],
  flags: [
    { syntax: '--install', help: 'installs the connector if no integration has it yet' },
    { syntax: '--into <folder>', help: 'only puts the bundle there, for a server that watches that folder' },
  ],
  options: optionNames.filter((name) => name !== 'connectors' && name !== 'log'),
  asksServer: true,
  examples: [
    'bulkhead dev',
    'bulkhead dev connectors/weather --install --port 3001',
    'bulkhead dev --into ../server/connectors',
  ],
  isServing: true,

  async run(given) {
    const folder = folderOf(given);
    // What is misspelt is not to be made; what package.json is to say may be about to be written.
    if (!existsSync(folder)) throw new CommandError(`There is no folder ${folder}.`);
    const into = typeof given.flags.into === 'string' ? resolve(given.cwd, given.flags.into) : undefined;
    const connectors = into ?? join(folder, OWN_FOLDER, 'connectors');
    const builder = new DevBuilder(given, folder, join(connectors, basename(folder)));
    await builder.build();
    const server = into === undefined ? await serve(given, folder, connectors) : await otherServer(given);
    const watcher = watchBundles(folder, () => void rebuild());
    const rebuild = async (): Promise<void> => {
      await builder.build().catch((error) => given.out.write(`! ${errorMessage(error) ?? String(error)}\n`));
      watcher.also(builder.outside);
    };
    watcher.also(builder.outside);
    const unfollow = server && (await follow(given, server, folder));
    try {
      if (server?.runtime && given.flags.install === true)
        await installOnce(given, server.runtime, server.asked, folder);
      given.out.write(`Watching ${relative(given.cwd, folder) || '.'}; Ctrl+C ends it.\n`);
      if (!given.signal.aborted) await once(given.signal, 'abort');
    } finally {
      await watcher.close();
      await builder.idle().catch(() => {
        // Said above.
      });
      await unfollow?.();
      await server?.runtime?.close({ drainMs: 0 });
    }
    return undefined;
  },
};

interface DevServer {
  /** Absent: it is somebody else's. */
  readonly runtime?: Runtime;
  readonly asked: AskedServer;
}

async function serve(given: CommandInput, folder: string, connectors: string): Promise<DevServer> {
  const { givenOptions, out, cwd, signal } = given;
  const data = givenOptions.data ?? join(folder, OWN_FOLDER, 'data');
  const token = givenOptions.token ?? randomBytes(TOKEN_BYTES).toString('base64url');
  await mkdir(connectors, { recursive: true });
  // What runs do is told by events; what is left is what is wrong with the server.
  const logger = pino(
    { level: 'error' },
    { write: (line) => out.write(`! ${(JSON.parse(line) as { msg: string }).msg}\n`) },
  );
  const runtime = await createRuntime({ ...givenOptions, data, connectors, token, logger });
  try {
    await runtime.listen();
    await runtime.ready();
  } catch (error) {
    await runtime.close({ drainMs: 0 });
    throw error;
  }
  const { url } = runtime;
  out.write(`Serving on ${url}, data in ${relative(cwd, data) || '.'}.\n`);
  if (givenOptions.token === undefined) {
    out.write(`For other commands: export BULKHEAD_URL=${url} BULKHEAD_TOKEN=${token}\n`);
    out.write(`Dashboard: ${url}/#token=${token}\n`);
  }
  return { runtime, asked: { url, options: { ...given.options, token }, signal, why: 'dev asks its own server' } };
}

/** One whose events are followed, if there is a token for it. */
async function otherServer({ url, options, signal, out }: CommandInput): Promise<DevServer | undefined> {
  if (options.token !== undefined) return { asked: { url, options, signal, why: 'dev follows the server' } };
  out.write('What runs log is shown with BULKHEAD_TOKEN (and BULKHEAD_URL) of the server.\n');
  return undefined;
}

type Row = Pick<ConnectorRow, '_id' | 'status' | 'name' | 'version' | 'errors' | 'pending'>;

/** Says what has become of the connector so far, and what happens from now on. */
async function follow(
  { out }: CommandInput,
  { asked, runtime }: DevServer,
  folder: string,
): Promise<() => Promise<void>> {
  const name = basename(folder);
  const isOurs = (told: { _connectorId?: string; folder?: string }, connectorId: string | undefined): boolean =>
    told.folder === name || (connectorId !== undefined && told._connectorId === connectorId);
  let connectorId = await idOf(folder);
  const log = new DevLog(out, asked, (told) => isOurs(told, connectorId), runtime !== undefined);
  const unfollow = await followEvents(asked, (event) => {
    // The id is made from the name, which may change while it is written.
    if (event.name === 'connector.loaded' && event.data.folder === name) connectorId = String(event.data._connectorId);
    log.take(event);
  });
  const response = await ask(asked, { method: 'GET', path: `/v1/connectors/${connectorId}` }).catch(() => undefined);
  const row = (await response?.json()) as Row | undefined;
  if (row) out.write(`${row.status === 'invalid' ? refusedLine({ ...row, folder: name }) : loadedLine(row)}\n`);
  if (row?.pending) await log.held({ ...row.pending, _connectorId: row._id });
  return unfollow;
}

async function idOf(folder: string): Promise<string | undefined> {
  const { project } = await readProject(folder);
  return project && connectorIdOf(project.manifest.name, project.manifest.connector._id);
}

async function installOnce({ out }: CommandInput, runtime: Runtime, asked: AskedServer, folder: string): Promise<void> {
  const connectorId = await idOf(folder);
  if (connectorId === undefined) return;
  const response = await ask(asked, { method: 'GET', path: `/v1/integrations?_connectorId=${connectorId}&limit=1` });
  const [present] = (await response.json()) as { _id: string; name: string }[];
  try {
    const { _id, name } = present ?? (await runtime.install(connectorId));
    out.write(`${present ? 'Was installed before' : 'Installed'} as ${name}: ${_id}\n`);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    out.write(`Not installed: ${error.code}: ${error.message}\n`);
  }
}
