/** Wires the parts of the runtime together, starts and closes them. */
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { createSandbox, FairQuota } from '../sandbox/index.ts';
import { logRequest } from './access-log.ts';
import { resolveAdminToken } from './admin-token.ts';
import { createApp } from './api/app.ts';
import { isLoopbackHost } from './api/auth.ts';
import { Idempotency } from './api/idempotency.ts';
import { Broker } from './broker/broker.ts';
import { InProcessCallers } from './broker/in-process-callers.ts';
import { OneTimeTokens } from './broker/one-time-tokens.ts';
import { createOutbound } from './broker/outbound.ts';
import { createPlatformApi } from './broker/platform-api.ts';
import { permissionBackup } from './connector/permission-backup.ts';
import { openConnectorsFolder } from './connectors-folder.ts';
import { logCredentialProblems } from './credential-problems.ts';
import { embeddedCalls } from './embedded-calls.ts';
import { type Engine, openEngine } from './engine.ts';
import { requestError } from './errors.ts';
import { Feed } from './feed/feed.ts';
import { publishConnections, publishIntegrations, publishRuns } from './feed/publishers.ts';
import { connectorCounts, healthOf } from './health.ts';
import { Activity } from './integration/activity.ts';
import type { Dispatcher } from './integration/dispatch.ts';
import { argumentKeys, limitsWithin } from './integration/once-per-connector.ts';
import { sealForStore } from './integration/restore-documents.ts';
import type { Service } from './integration/service.ts';
import { Metrics } from './metrics/metrics.ts';
import { clientBackup } from './oauth/client-backup.ts';
import { createOAuth } from './oauth/oauth.ts';
import { listOf } from './option-table.ts';
import { completeOptions, type Options } from './options.ts';
import { BackgroundRotation } from './record/background-rotation.ts';
import { Reachability } from './record/reachability.ts';
import type { RunRecord } from './run/run.ts';
import { RunHistory } from './run/run-history.ts';
import { Runs } from './run/runs.ts';
import { SourceLines } from './run/source-lines.ts';
import { countedRuns, runLog } from './run-log.ts';
import { rateLimitsOf, runLimitsOf, sandboxOptionsOf } from './run-options.ts';
import { runningFlows } from './running-flows.ts';
import type { Runtime, RuntimeOptions } from './runtime-interface.ts';
import { HttpServer } from './server.ts';
import { objectIds } from './store/object-id.ts';
import { observedStore } from './store/observed-store.ts';
import type { RunStore } from './store/storage.ts';
import { tokenServices } from './token-services.ts';
import { WorkPool } from './work/pool.ts';

/** Resolved by package name, because sources and build output lie at different depths. */
const { version } = createRequire(import.meta.url)('bulkhead/package.json') as { version: string };

const DEFAULT_DRAIN_MS = 10_000;
/** Uncommitted writes of all runs together. */
const UNCOMMITTED_CHARS = 256 * 1024 * 1024;

/**
 * Opens a data folder and starts serving its integrations. Does not listen until `listen` is called.
 *
 * @example
 * import { createRuntime } from 'bulkhead';
 *
 * const runtime = await createRuntime({ data: './data', connectors: './connectors' });
 * await runtime.listen();
 * await runtime.close();
 */
export async function createRuntime(runtimeOptions: RuntimeOptions = {}): Promise<Runtime> {
  const { logger = pino({ level: 'silent' }), onRest = () => {}, ...rest } = runtimeOptions;
  const options = completeOptions(rest);
  const engine = await openEngine(options, resolve(options.data), logger);
  // If the start fails, undo what it has started, last first.
  const cleanups: (() => unknown)[] = [() => engine.storage.close()];
  try {
    return await start(options, {
      ...engine,
      onRest,
      onStarted: (cleanup) => cleanups.unshift(cleanup),
    });
  } catch (error) {
    for (const cleanup of cleanups) await cleanup();
    throw error;
  }
}

interface StartOptions extends Engine {
  readonly onRest: () => void;
  /** Registers how to close a part if the start fails later. */
  readonly onStarted: (cleanup: () => unknown) => void;
}

async function start(options: Options, startOptions: StartOptions): Promise<Runtime> {
  const { node, logger, storage, keyring, rotation, onRest, onStarted } = startOptions;
  const { hash: tokenHash, newToken } = await resolveAdminToken(storage.tokens, options.token);
  const connectorsFolder = resolve(options.connectors);
  await mkdir(connectorsFolder, { recursive: true });
  for (const { message } of storage.problems) logger.error({ event: 'store_problem' }, message);
  const credentialProblems = rotation ? logCredentialProblems(logger, rotation) : [];
  const history = new RunHistory(storage.runs as RunStore<RunRecord>, (error) =>
    logger.error({ err: error }, 'the runs could not be written'),
  );
  onStarted(() => history.close());

  const sandbox = createSandbox({ ...sandboxOptionsOf(options), onRest });
  onStarted(() => sandbox.close());
  const nowMs = storage.now ?? (() => Date.now());
  const now = (): Date => new Date(nowMs());
  const feed = new Feed(new Date(), storage.events);
  const metrics = new Metrics({
    node,
    usage: () => sandbox.usage(),
    events: () => ({ published: feed.newest, followers: feed.followers }),
    connectors: () => connectorCounts(catalog.rows(), sandbox),
  });
  const store = observedStore(storage.documents, (result, ms) => metrics.committed(result, ms));
  store.subscribe(publishIntegrations(feed));
  const runs = new Runs({
    history,
    now,
    listener: countedRuns(publishRuns(feed), metrics),
    node,
    cancellations: storage.cancellations,
  });
  const ids = objectIds(nowMs);
  const activity = new Activity();
  const oneTimeTokens = new OneTimeTokens(node, () => storage.nodes?.others ?? []);
  const work = new WorkPool({ keyring });
  onStarted(() => work.close());
  const callers = new InProcessCallers();
  const outbound = createOutbound({
    allowPrivateNetwork: options.allowPrivateNetwork ?? '',
    limits: { responseBytes: options.runResponseBytes },
  });
  onStarted(() => outbound.close());
  const dispatcher: Dispatcher = {
    sandbox,
    ids,
    argumentKeysOf: argumentKeys(),
    limitsOf: limitsWithin(runLimitsOf(options)),
    argument: { bytes: options.runArgumentBytes, depth: options.runArgumentDepth },
    tokens: oneTimeTokens,
    writes: new FairQuota(UNCOMMITTED_CHARS),
    broker: new Broker({
      platformApi: createPlatformApi((request, response) => void handle(request, response), callers),
      outbound,
      work,
    }),
    runs,
    sourceLines: new SourceLines(),
    log: runLog(logger),
    payloads: options.runPayloadBytes === 0 ? undefined : { bytes: options.runPayloadBytes, work },
  };
  const bundles = await openConnectorsFolder({
    folder: connectorsFolder,
    dataFolder: resolve(options.data),
    storage,
    sandbox,
    feed,
    logger,
    newRunId: ids,
    now,
  });
  const { catalog, permissions } = bundles;
  const service: Service = {
    store,
    catalog,
    bundleUploads: bundles.uploads,
    dispatcher,
    activity,
    withoutPersistSettings: new WeakSet(),
    now,
    keyring,
    work,
    reachability: new Reachability(),
    outbound,
    backupParts: [
      permissionBackup(permissions, (connectorId) => catalog.reconsider(connectorId)),
      clientBackup(storage.oauthClients),
    ],
    uploads: { folder: resolve(options.data), prepare: sealForStore(work) },
  };

  const oauth = createOAuth({
    store,
    records: storage.oauthClients,
    keyring,
    outbound,
    now: service.now,
    isShared: storage.nodes !== undefined,
    onOffline: publishConnections(feed),
    onError: (error) => logger.warn({ err: error }, 'a token could not be revoked'),
  });
  await oauth.clients.reseal();

  const flows = runningFlows({ service, storage, node, concurrency: options.jobs, feed, metrics, logger });
  onStarted(() => flows.close());

  const backgroundRotation = new BackgroundRotation({
    store: storage.documents,
    work,
    keyring,
    onError: (error) => logger.error({ err: error }, 'credentials could not be encrypted'),
  });
  onStarted(() => backgroundRotation.close());

  let closing: Promise<void> | undefined;
  const publicUrl = (): string => options.publicUrl?.replace(/\/+$/, '') ?? server.url;
  const idempotency = new Idempotency(service, storage.idempotency, {
    publicUrl,
    onError: (error) => logger.error({ err: error }, 'the reply to a request could not be stored'),
  });
  await idempotency.settle();
  const tokens = tokenServices(storage, logger);
  onStarted(() => tokens.authority.close());
  const app = createApp({
    service,
    ...tokens,
    idempotency,
    oauth,
    ...flows,
    metrics,
    version,
    corsOrigins: listOf(options.corsOrigins ?? ''),
    rateLimit: { ...rateLimitsOf(options), onLimited: (reason) => metrics.rateLimited(reason) },
    onRequestEnded: (ended) => {
      if (!ended.isInProcess) metrics.requestEnded(ended.method, ended.route, ended.status, ended.ms);
      logRequest(logger, ended);
    },
    feed,
    pageFolder: fileURLToPath(new URL('./dashboard/built', import.meta.url)),
    tokenHash,
    oneTimeTokens,
    callers,
    publicUrl,
    isOnLoopback: () => server.isListening && isLoopbackHost(options.host),
    isClosing: () => closing !== undefined,
    health: () => healthOf({ sandbox, catalog, permissions, storage, credentialProblems }, closing !== undefined),
    onError: (error, requestId) => logger.error({ err: error, requestId }, 'a request failed'),
  });
  const handle = app.callback();
  const server = new HttpServer(handle, activity, options);

  const scanned = bundles.start();
  scanned.then(
    () => flows.serve(),
    () => {},
  );

  async function checkCredentials(): Promise<void> {
    const result = await backgroundRotation.run();
    if (result) credentialProblems.push(...logCredentialProblems(logger, result));
  }
  if (!rotation) checkCredentials().catch((error) => logger.error({ err: error }, 'credentials were not checked'));

  const assertOpen = (): void => {
    if (closing !== undefined) throw requestError('shutting_down');
  };

  async function close(drainMs: number): Promise<void> {
    server.stopListening();
    feed.close();
    await bundles.close();
    const flowsClosed = flows.close();
    await activity.idle(drainMs);
    const catalogClosed = catalog.close();
    await sandbox.close();
    await catalogClosed;
    await flowsClosed;
    await oauth.revocation.idle();
    await outbound.close();
    await backgroundRotation.close();
    await work.close();
    await server.close();
    await tokens.authority.close();
    await history.close();
    await storage.close();
  }

  return {
    node,
    newToken,
    get url() {
      return publicUrl();
    },
    callback: () => server.listener,
    async listen() {
      assertOpen();
      return server.listen();
    },
    ...embeddedCalls(service, assertOpen),
    ready: () => scanned,
    close({ drainMs = DEFAULT_DRAIN_MS } = {}) {
      closing ??= close(drainMs);
      return closing;
    },
  };
}
