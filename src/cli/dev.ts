/** `bulkhead dev`: serves a connector and rebuilds it on every change. */
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
import { createRuntime } from '../runtime.ts';
import type { Runtime } from '../runtime-interface.ts';
import { type Command, type CommandContext, CommandError } from './command.ts';
import { DevBuilder } from './dev-builder.ts';
import { DevFlow } from './dev-flow.ts';
import { DevLog, loadedLine, refusedLine } from './dev-log.ts';
import { DevTypes } from './dev-types.ts';
import { errorMessage } from './error-message.ts';
import { followEvents } from './follow-events.ts';
import { folderArgument, folderOf } from './inspect.ts';
import { requestOk, type ServerTarget } from './server-client.ts';

/** In the author's folder; hidden, since it is not part of the connector. */
const OWN_FOLDER = '.bulkhead';
const TOKEN_BYTES = 24;
/** Input and answer of runs are kept: it is the author's own machine. */
const RUN_PAYLOAD_BYTES = 16 * 1024;

export const dev: Command = {
  name: 'dev',
  summary: 'Serves a connector while you write it: rebuilds, checks types, reloads and shows the log of its runs.',
  expects: 'one folder',
  args: [folderArgument],
  flags: [
    { syntax: '--install', help: 'installs the connector if no integration uses it yet' },
    { syntax: '--run-flow <flow>', help: 'runs this flow of the connector after each build: its name or id' },
    { syntax: '--into <folder>', help: 'only writes the bundle there, for a server that watches that folder' },
  ],
  options: optionNames.filter((name) => name !== 'connectors' && name !== 'log'),
  usesServer: true,
  examples: [
    'bulkhead dev',
    'bulkhead dev connectors/weather --install --port 3001',
    'bulkhead dev orders --run-flow "Orders to invoices"',
    'bulkhead dev --into ../server/connectors',
  ],
  isLongRunning: true,

  async run(context) {
    const folder = folderOf(context);
    // Do not create a misspelt folder. A missing package.json is fine: it may be written later.
    if (!existsSync(folder)) throw new CommandError(`There is no folder ${folder}.`);
    const into = typeof context.flags.into === 'string' ? resolve(context.cwd, context.flags.into) : undefined;
    const connectors = into ?? join(folder, OWN_FOLDER, 'connectors');
    const builder = new DevBuilder(context, folder, join(connectors, basename(folder)));
    const types = new DevTypes(context.out, folder);
    await builder.build();
    const server = into === undefined ? await serve(context, folder, connectors) : await remoteServer(context);
    const watcher = watchBundles(folder, () => void rebuild());
    const rebuild = async (): Promise<void> => {
      types.check();
      await builder.build().catch((error) => context.out.write(`! ${errorMessage(error) ?? String(error)}\n`));
      watcher.add(builder.externalFiles);
    };
    watcher.add(builder.externalFiles);
    const wanted = context.flags['run-flow'];
    const flow = server && typeof wanted === 'string' ? new DevFlow(context.out, server.target, wanted) : undefined;
    const unfollow = server && (await follow(context, server, folder, (connectorId) => flow?.run(connectorId)));
    types.check();
    try {
      if (server?.runtime && context.flags.install === true)
        await installIfMissing(context, server.runtime, server.target, folder);
      flow?.run(await connectorIdIn(folder));
      context.out.write(`Watching ${relative(context.cwd, folder) || '.'}; press Ctrl+C to stop.\n`);
      if (!context.signal.aborted) await once(context.signal, 'abort');
    } finally {
      await watcher.close();
      await types.close();
      await builder.idle().catch(() => {
        // Already printed.
      });
      await flow?.idle();
      await unfollow?.();
      await server?.runtime?.close({ drainMs: 0 });
    }
    return undefined;
  },
};

interface DevServer {
  /** Absent if another process runs the server. */
  readonly runtime?: Runtime;
  readonly target: ServerTarget;
}

async function serve(context: CommandContext, folder: string, connectors: string): Promise<DevServer> {
  const { explicitOptions, out, cwd, signal } = context;
  const data = explicitOptions.data ?? join(folder, OWN_FOLDER, 'data');
  const token = explicitOptions.token ?? randomBytes(TOKEN_BYTES).toString('base64url');
  await mkdir(connectors, { recursive: true });
  // Events show the runs; the log is only for the server's problems.
  const logger = pino(
    { level: 'error' },
    { write: (line) => out.write(`! ${(JSON.parse(line) as { msg: string }).msg}\n`) },
  );
  const runtime = await createRuntime({
    runPayloadBytes: RUN_PAYLOAD_BYTES,
    ...explicitOptions,
    data,
    connectors,
    token,
    logger,
  });
  try {
    await runtime.listen();
    await runtime.ready();
  } catch (error) {
    await runtime.close({ drainMs: 0 });
    throw error;
  }
  const { url } = runtime;
  out.write(`Serving on ${url}, data in ${relative(cwd, data) || '.'}.\n`);
  if (explicitOptions.token === undefined) {
    out.write(`For other commands: export BULKHEAD_URL=${url} BULKHEAD_TOKEN=${token}\n`);
    out.write(`Dashboard: ${url}/#token=${token}\n`);
  }
  return {
    runtime,
    target: { url, options: { ...context.options, token }, signal, reason: 'dev asks its own server' },
  };
}

/** The server whose events to follow, if there is a token for it. */
async function remoteServer({ url, options, signal, out }: CommandContext): Promise<DevServer | undefined> {
  if (options.token !== undefined) return { target: { url, options, signal, reason: 'dev follows the server' } };
  out.write("Set BULKHEAD_TOKEN (and BULKHEAD_URL) to the server's to see the log of its runs.\n");
  return undefined;
}

type Row = Pick<ConnectorRow, '_id' | 'status' | 'name' | 'version' | 'errors' | 'pending'>;

/** Prints the connector's present status, then its events. @param onLoaded called each time it is loaded */
async function follow(
  { out }: CommandContext,
  { target, runtime }: DevServer,
  folder: string,
  onLoaded: (connectorId: string) => void,
): Promise<() => Promise<void>> {
  const name = basename(folder);
  const isOurs = (event: { _connectorId?: string; folder?: string }, connectorId: string | undefined): boolean =>
    event.folder === name || (connectorId !== undefined && event._connectorId === connectorId);
  let connectorId = await connectorIdIn(folder);
  const log = new DevLog(out, target, (event) => isOurs(event, connectorId), runtime !== undefined);
  const unfollow = await followEvents(target, (event) => {
    // The id may be derived from the name, which may change.
    const isLoaded = event.name === 'connector.loaded' && event.data.folder === name;
    if (isLoaded) connectorId = String(event.data._connectorId);
    log.handle(event);
    if (isLoaded && connectorId !== undefined) onLoaded(connectorId);
  });
  const response = await requestOk(target, { method: 'GET', path: `/v1/connectors/${connectorId}` }).catch(
    () => undefined,
  );
  const row = (await response?.json()) as Row | undefined;
  if (row) out.write(`${row.status === 'invalid' ? refusedLine({ ...row, folder: name }) : loadedLine(row)}\n`);
  if (row?.pending) await log.onHeld({ ...row.pending, _connectorId: row._id });
  return unfollow;
}

async function connectorIdIn(folder: string): Promise<string | undefined> {
  const { project } = await readProject(folder);
  return project && connectorIdOf(project.manifest.name, project.manifest.connector._id);
}

async function installIfMissing(
  { out }: CommandContext,
  runtime: Runtime,
  target: ServerTarget,
  folder: string,
): Promise<void> {
  const connectorId = await connectorIdIn(folder);
  if (connectorId === undefined) return;
  const response = await requestOk(target, {
    method: 'GET',
    path: `/v1/integrations?_connectorId=${connectorId}&limit=1`,
  });
  const [existing] = (await response.json()) as { _id: string; name: string }[];
  try {
    const { _id, name } = existing ?? (await runtime.install(connectorId));
    out.write(`${existing ? 'Already installed' : 'Installed'} as ${name}: ${_id}\n`);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    out.write(`Not installed: ${error.code}: ${error.message}\n`);
  }
}
