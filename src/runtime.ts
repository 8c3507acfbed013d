/** Wires everything; starts and closes it. */
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { type Logger, pino } from 'pino';
import { createSandbox, defaultLimits } from '../sandbox/index.ts';
import { adminToken } from './admin-token.ts';
import { createApp } from './api/app.ts';
import { isLoopbackHost } from './api/auth.ts';
import { OneTimeTokens } from './broker/one-time-tokens.ts';
import { createPlatformApi } from './broker/platform-api.ts';
import { Catalog } from './connector/catalog.ts';
import { loadProblem } from './connector/load-check.ts';
import { watchBundles } from './connector/watch.ts';
import { callIntegration } from './integration/call.ts';
import type { Dispatcher, Section } from './integration/dispatch.ts';
import { install } from './integration/install.ts';
import { type Integration, integrationProblem } from './integration/integration.ts';
import { integrationOf, type Service } from './integration/service.ts';
import { uninstall } from './integration/uninstall.ts';
import { clearInProgress } from './integration/update.ts';
import type { Json, JsonObject } from './json.ts';
import { completeOptions, type Options } from './options.ts';
import { openLowdbStore } from './store/lowdb-store.ts';
import { objectIds } from './store/object-id.ts';
import type { Store } from './store/store.ts';

export type RuntimeOptions = Partial<Options> & {
  /** Where the log goes; without it nothing is logged. */
  readonly logger?: Logger;
};

export interface Runtime {
  /** The administrator's token, if this start has made it; shown once, kept nowhere. */
  readonly newToken: string | undefined;
  /** Base of links: the public URL, or host and port. */
  readonly url: string;
  /** Request listener for a server of yours. */
  callback(): RequestListener;
  /** Serves on the options' host and port; a second call gives the same server. */
  listen(): Promise<Server>;
  install(connectorId: string, options?: { tag?: string; sandbox?: boolean; name?: string }): Promise<Integration>;
  /** Calls a function; resolves to its answer. */
  call(integrationId: string, section: Section, name: string, options?: JsonObject): Promise<Json>;
  uninstall(integrationId: string, options?: { force?: boolean }): Promise<Json>;
  /** Settles when the bundles that lay there at the start have been looked at. */
  ready(): Promise<void>;
  /** Takes no new request, gives those that are running `drainMs` (default 10 s), ends. Idempotent. */
  close(options?: { drainMs?: number }): Promise<void>;
}

const DRAIN_MS = 10_000;

/**
 * Opens a data folder and starts serving its integrations. Listens on nothing by itself.
 *
 * @example
 * const runtime = await createRuntime({ data: './data', connectors: './connectors' });
 * await runtime.listen();
 * await runtime.close();
 */
export async function createRuntime(given: RuntimeOptions = {}): Promise<Runtime> {
  const { logger = pino({ level: 'silent' }), ...rest } = given;
  const options = completeOptions(rest);
  const store = await openLowdbStore(resolve(options.data), ({ integration }) => integrationProblem(integration));
  try {
    return await start(options, logger, store);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function start(options: Options, logger: Logger, store: Store): Promise<Runtime> {
  const { hash: tokenHash, made: newToken } = await adminToken(resolve(options.data), options.token);
  const limits = Object.freeze({
    ...defaultLimits,
    timeoutMs: options.runTimeoutMs,
    cpuMs: options.runCpuMs,
    memoryMb: options.runMemoryMb,
  });
  for (const { message } of store.problems) logger.error({ event: 'store_problem' }, message);

  const sandbox = createSandbox();
  const ids = objectIds();
  const runsEnd = new AbortController();
  const oneTimeTokens = new OneTimeTokens();
  let listener: RequestListener;
  const dispatcher: Dispatcher = {
    sandbox,
    ids,
    limits,
    tokens: oneTimeTokens,
    platformApi: createPlatformApi(() => listener),
    signal: runsEnd.signal,
    log: {
      onLog: (runId, level, text) => logger.info({ event: 'connector_log', runId, level }, text),
      onRunEnded: ({ outcome, ...run }) => {
        const fault = outcome.status === 'faulted' ? outcome.fault : undefined;
        logger.debug({ event: 'run_ended', ...run, status: outcome.status, fault, ...outcome.spent });
      },
    },
  };
  const connectorsFolder = resolve(options.connectors);
  await mkdir(connectorsFolder, { recursive: true });
  const catalog = new Catalog(connectorsFolder, (connector) => loadProblem(sandbox, ids(), connector), {
    onLoaded: ({ _id, folder, manifest }) =>
      logger.info({ event: 'connector_loaded', _connectorId: _id, folder, version: manifest.version }),
    onUnloaded: ({ _id, folder }) => logger.info({ event: 'connector_unloaded', _connectorId: _id, folder }),
    onRefused: (folder, errors) => logger.warn({ event: 'connector_refused', folder, errors }),
  });
  const service: Service = { store, catalog, dispatcher, now: () => new Date() };

  for (const { _id, updateInProgress } of await store.list()) {
    if (updateInProgress !== true) continue;
    logger.warn(
      { event: 'update_cut_off', _integrationId: _id },
      'an update was cut off; the integration is as before it',
    );
    await clearInProgress(service, _id);
  }

  let server: Server | undefined;
  let url = options.publicUrl?.replace(/\/+$/, '') ?? urlOf(options.host, options.port);
  let closing: Promise<void> | undefined;
  let inFlight = 0;
  let idle = (): void => {};
  const scanned = catalog.scan().catch((error) => logger.error({ err: error }, 'the bundles could not be listed'));
  const watcher = watchBundles(connectorsFolder, () => {
    catalog.scan().catch((error) => logger.error({ err: error }, 'the bundles could not be listed'));
  });

  const app = createApp({
    service,
    tokenHash,
    oneTimeTokens,
    publicUrl: () => url,
    isOnLoopback: () => server !== undefined && isLoopbackHost(options.host),
    unreadyReasons: () => [
      ...(closing ? ['The server is shutting down.'] : []),
      ...(catalog.isScanned ? [] : ['The bundles are being loaded.']),
      ...store.problems.map(({ message }) => message),
    ],
    isClosing: () => closing !== undefined,
    scanned: () => scanned,
    onError: (error, requestId) => logger.error({ err: error, requestId }, 'a request failed'),
  });
  const handle = app.callback();
  listener = (request, response) => {
    inFlight++;
    response.once('close', () => {
      inFlight--;
      if (inFlight === 0) idle();
    });
    void handle(request, response);
  };

  async function close(drainMs: number): Promise<void> {
    const serverClosed = server && new Promise<void>((done) => server?.close(() => done()));
    server?.closeIdleConnections();
    await watcher.close();
    await drain(drainMs);
    runsEnd.abort();
    await sandbox.close();
    server?.closeAllConnections();
    await serverClosed;
    await store.close();
  }

  /** Until no request is being answered, or the time is over. */
  function drain(drainMs: number): Promise<void> {
    if (inFlight === 0) return Promise.resolve();
    return new Promise((done) => {
      const timer = setTimeout(done, drainMs);
      idle = () => {
        clearTimeout(timer);
        done();
      };
    });
  }

  return {
    newToken,
    get url() {
      return url;
    },
    callback: () => listener,
    async listen() {
      if (server) return server;
      server = createServer(listener);
      server.listen(options.port, options.host);
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      if (options.publicUrl === undefined) url = urlOf(options.host, port);
      return server;
    },
    async install(connectorId, body = {}) {
      await scanned;
      return integrationOf((await install(service, connectorId, body)).unit);
    },
    async call(integrationId, section, name, body = {}) {
      const { text } = await callIntegration(service, integrationId, section, name, JSON.stringify(body));
      return JSON.parse(text);
    },
    async uninstall(integrationId, { force = false } = {}) {
      return JSON.parse((await uninstall(service, integrationId, '{}', force)).text);
    },
    ready: () => scanned,
    close({ drainMs = DRAIN_MS } = {}) {
      closing ??= close(drainMs);
      return closing;
    },
  };
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
