/** One function call: the grant, the argument, the sandbox, and the outcome as an answer or an error. */
import type { Fault, Limits, Outcome, RunUsage, Sandbox } from '../../sandbox/index.ts';
import type { Broker } from '../broker/broker.ts';
import type { OneTimeTokens } from '../broker/one-time-tokens.ts';
import type { Connector } from '../connector/bundle.ts';
import { type ErrorCode, RequestError, requestError } from '../errors.ts';
import type { ActiveRun, Runs } from '../run/runs.ts';
import type { SourceLines } from '../run/source-lines.ts';
import type { MemoryQuota } from '../store/memory-quota.ts';
import type { ObjectIds } from '../store/object-id.ts';
import { StoreError } from '../store/store.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';
import { newTrace, type Trace } from '../trace-context.ts';
import { type ArgumentLimits, argumentOf } from './argument.ts';

export const sections = ['installer', 'uninstaller', 'settings', 'utilities'] as const;
export type Section = (typeof sections)[number];

/** For the operator's log. */
export interface RunLog {
  onRunEnded(run: { runId: string; integrationId: string; section: string; name: string; outcome: Outcome }): void;
  onLog(runId: string, level: string, text: string): void;
}

/** What it takes to run a function; made once by the runtime. */
export interface Dispatcher {
  readonly sandbox: Sandbox;
  readonly tokens: OneTimeTokens;
  readonly broker: Broker;
  /** Limits of a connector's runs: the operator's, or what the manifest asks for if that is less. */
  readonly limitsOf: (connector: Connector) => Limits;
  /** What our part of a function's argument has of the connector: keys of an object, as JSON without its braces. */
  readonly keysOf: (connector: Connector) => string;
  /** Of the caller's part. */
  readonly argument: ArgumentLimits;
  /** For what runs have written and not committed. */
  readonly writes: MemoryQuota;
  readonly ids: ObjectIds;
  readonly runs: Runs;
  readonly log: RunLog;
  /** For the stacks of their errors. */
  readonly sourceLines: SourceLines;
}

/** What a caller asks for. */
export interface FunctionRequest {
  readonly section: Section;
  readonly name: string;
  /** JSON of an object, checked: the caller's part of `options`. */
  readonly body: Buffer;
  /** Of the request that asks for it; a new one without. */
  readonly trace?: Trace | undefined;
  /** Throws if the integration is not the one that the caller means. */
  readonly precondition?: (unit: UnitOfWork) => void;
}

/** The same, with whose code it is and what it may change. */
export interface FunctionCall extends FunctionRequest {
  readonly connector: Connector;
  readonly unit: UnitOfWork;
  /** Whatever the manifest says of its runs: all of it is stored, or nothing. */
  readonly isWhole?: boolean;
  /** Told when the run has begun, long before it ends. */
  readonly onStarted?: ((runId: string) => void) | undefined;
}

/** A function's answer, and which run gave it. `text` is JSON that parses. */
export interface Answer {
  readonly runId: string;
  readonly text: string;
  readonly usage: RunUsage;
  readonly run: ActiveRun;
}

/** As long as a manifest may have one. */
const NAME_CHARS = 200;

function assertName(name: string): void {
  if (name.length <= NAME_CHARS) return;
  throw requestError('invalid_function', { message: `No function has a name of more than ${NAME_CHARS} characters.` });
}

/** What the run writes takes room until it has ended. */
function beginWriting(room: MemoryQuota, connectorId: string, unit: UnitOfWork): () => void {
  let taken = 0;
  unit.onGrowth = (chars) => {
    if (chars > 0 && !room.take(connectorId, chars)) {
      throw requestError('overloaded', { message: 'Too much has been written by runs that have not ended.' });
    }
    if (chars < 0) room.giveBack(connectorId, -chars);
    taken += chars;
  };
  return () => {
    unit.onGrowth = undefined;
    room.giveBack(connectorId, taken);
  };
}

/** Made once for each connector. */
function once<T extends object | string>(make: (connector: Connector) => T): (connector: Connector) => T {
  const known = new WeakMap<Connector, T>();
  return (connector) => {
    let made = known.get(connector);
    if (made === undefined) {
      made = make(connector);
      known.set(connector, made);
    }
    return made;
  };
}

/** The same object for each call: a compartment is told the same limits only once. */
export function limitsWithin(operator: Limits): Dispatcher['limitsOf'] {
  return once(({ manifest }) => {
    const { timeoutMs, cpuMs, memoryMb } = manifest.connector.limits ?? {};
    return Object.freeze({
      ...operator,
      timeoutMs: Math.min(operator.timeoutMs, timeoutMs ?? operator.timeoutMs),
      cpuMs: Math.min(operator.cpuMs, cpuMs ?? operator.cpuMs),
      memoryMb: Math.min(operator.memoryMb, memoryMb ?? operator.memoryMb),
    });
  });
}

export function argumentKeys(): Dispatcher['keysOf'] {
  return once(({ _id, manifest }) =>
    JSON.stringify({ opts: manifest.connector.opts ?? {}, _connectorId: _id }).slice(1, -1),
  );
}

/**
 * Runs a function in its compartment and does what is to be done about it: the run is over when both
 * are, and its outcome is that of both.
 *
 * @param onAnswer commits the unit of work, or whatever the answer asks for
 * @param instead what is done where there is no answer; nothing: the error is thrown
 * @throws RunError for everything but an answer that counts
 */
export async function callFunction<T>(
  dispatcher: Dispatcher,
  call: FunctionCall,
  onAnswer: (answer: Answer) => Promise<T>,
  instead: (error: RunError) => (() => Promise<T>) | undefined = () => undefined,
): Promise<T> {
  const ended = await runFunction(dispatcher, call);
  try {
    const work = ended instanceof RunError ? instead(ended) : () => onAnswer(ended);
    if (!work) throw ended;
    return await settled(ended, work);
  } finally {
    ended.run.conclude();
  }
}

async function runFunction(dispatcher: Dispatcher, call: FunctionCall): Promise<Answer | RunError> {
  const { connector, unit, section, name, body, trace = newTrace() } = call;
  const { integrationId } = unit;
  assertName(name);
  const { connector: manifest } = connector.manifest;
  const runId = dispatcher.ids();
  const isTransactional = call.isWhole || (manifest.transactional ?? true);
  const granted = { runId, connectorId: connector._id, integrationId, unit, isTransactional };
  const { grant, token, revoke, redact } = dispatcher.tokens.issue(granted);
  const run = begin(dispatcher, call, runId, trace);
  const ask = dispatcher.broker.askFor(
    { connectorId: connector._id, grant, token, permissions: manifest.permissions?.fetch ?? [], trace },
    {
      onLog(level, text) {
        run.logged(level, redact(text));
        dispatcher.log.onLog(runId, level, redact(text));
      },
      onProgress(fraction, message) {
        run.progressed(fraction, redact(message));
        dispatcher.log.onLog(runId, 'info', redact(`progress ${Math.round(fraction * 100)} %: ${message}`));
      },
      onRequest: () => run.requested(),
    },
  );
  const endWriting = beginWriting(dispatcher.writes, connector._id, unit);
  const keys = `${dispatcher.keysOf(connector)},"_integrationId":"${integrationId}","bearerToken":"${token}"`;
  const argument = argumentOf(body, keys);
  let outcome: Outcome;
  try {
    outcome = await dispatcher.sandbox.run(
      {
        runId,
        bundle: connector.bundle,
        integrationId,
        call: { section, name, argument },
        limits: dispatcher.limitsOf(connector),
        signal: run.signal,
      },
      ask,
    );
  } finally {
    revoke();
    endWriting();
  }
  dispatcher.log.onRunEnded({ runId, integrationId, section, name, outcome });
  const error = errorOf(runId, run, outcome, redact);
  const stack = outcome.status === 'failed' ? redact(await dispatcher.sourceLines.of(connector, outcome.stack)) : '';
  run.ended({ outcome, ...(error ? { errors: error.errors, stack } : {}) });
  if (error) return error;
  return { runId, text: (outcome as Outcome & { status: 'answered' }).result, usage: outcome.usage, run };
}

function begin({ runs }: Dispatcher, call: FunctionCall, runId: string, { traceId }: Trace): ActiveRun {
  const { connector, unit, section, name } = call;
  const run = runs.begin({
    _id: runId,
    _integrationId: unit.integrationId,
    _connectorId: connector._id,
    version: connector.manifest.version,
    digest: connector.bundle.digest,
    section,
    function: name,
    traceId,
  });
  call.onStarted?.(runId);
  return run;
}

/** A function of the runtime's own in the place of the connector's: a run like any other, in no compartment. */
export async function callOwn<T>(dispatcher: Dispatcher, call: FunctionCall, work: () => Promise<T>): Promise<T> {
  assertName(call.name);
  const { section, name, trace = newTrace() } = call;
  const { integrationId } = call.unit;
  const runId = dispatcher.ids();
  const run = begin(dispatcher, call, runId, trace);
  const outcome: Outcome = { status: 'answered', result: '', usage: { wallMs: 0, cpuMs: 0, heapBytes: 0 } };
  dispatcher.log.onRunEnded({ runId, integrationId, section, name, outcome });
  run.ended({ outcome });
  try {
    return await settled({ runId, run }, work);
  } finally {
    run.conclude();
  }
}

/** What the caller is told of a run that has no answer. */
function errorOf(
  runId: string,
  run: ActiveRun,
  outcome: Outcome,
  redact: (text: string) => string,
): RunError | undefined {
  switch (outcome.status) {
    case 'answered':
      return undefined;
    case 'failed':
      // The connector's words; 422, so that no client repeats the call.
      return new RunError(
        runId,
        run,
        new RequestError(422, [{ code: redact(outcome.code), message: redact(outcome.message) }]),
      );
    case 'faulted':
      return new RunError(runId, run, faultError(outcome, redact(outcome.message)), outcome.fault);
  }
}

/** The header that names the run of a call. */
export const RUN_ID_HEADER = 'Bulkhead-Run-Id';

/** Why a run has no answer that counts. */
export class RunError extends RequestError {
  /** Ours; a connector can name its own error as it likes. */
  readonly fault: Fault | undefined;
  readonly runId: string;
  readonly run: ActiveRun;

  constructor(runId: string, run: ActiveRun, { status, errors, headers }: RequestError, fault?: Fault) {
    super(status, errors, { ...headers, [RUN_ID_HEADER]: runId });
    this.runId = runId;
    this.run = run;
    this.fault = fault;
  }
}

/** What is done about a run afterwards: its record has the outcome, and a refusal names the run. */
async function settled<T>({ runId, run }: Pick<Answer, 'runId' | 'run'>, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work();
    if (run.outcome !== 'succeeded') run.amend({ outcome: 'succeeded' });
    return result;
  } catch (error) {
    const { errors } = error instanceof RequestError ? error : requestError(unstoredCode(error));
    run.amend({ outcome: 'failed', errors });
    throw error instanceof RequestError ? new RunError(runId, run, error) : error;
  }
}

/** Of an error that is the disk's, or ours. */
function unstoredCode(error: unknown): ErrorCode {
  return error instanceof StoreError && error.code !== 'store_locked' ? error.code : 'internal_error';
}

function faultError({ fault, retryAfterMs }: Outcome & { status: 'faulted' }, message: string): RequestError {
  const code: ErrorCode = fault === 'bundle_failed' ? 'connector_unavailable' : fault;
  return requestError(code, { message, retryAfterMs });
}
