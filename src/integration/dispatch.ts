/** Runs one function call: makes its grant and argument, runs it in the sandbox, and settles the outcome. */
import type {
  CallableSection,
  EngineFunction,
  FairQuota,
  Limits,
  Outcome,
  RunUsage,
  Sandbox,
} from '../../sandbox/index.ts';
import type { Broker } from '../broker/broker.ts';
import type { OneTimeTokens } from '../broker/one-time-tokens.ts';
import { OWN_FLOWS } from '../broker/own-flows.ts';
import type { Connector } from '../connector/bundle.ts';
import { RequestError, requestError } from '../errors.ts';
import type { ActiveRun, Runs } from '../run/runs.ts';
import type { SourceLines } from '../run/source-lines.ts';
import { type Caller, HOST } from '../store/audit.ts';
import type { ObjectIds } from '../store/object-id.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';
import { newTrace, type Trace } from '../trace-context.ts';
import { type ArgumentLimits, argumentOf } from './argument.ts';
import { type PayloadOptions, payloadsOf } from './payloads.ts';
import { errorOf, failureOf, RunError } from './run-error.ts';
import { withoutSecrets } from './without-secrets.ts';

/** Writes the operator's log. */
export interface RunLog {
  onRunEnded(run: { runId: string; integrationId: string; section: string; name: string; outcome: Outcome }): void;
  onLog(runId: string, level: string, text: string): void;
}

/** Everything needed to run functions. Made once by the runtime. */
export interface Dispatcher {
  readonly sandbox: Sandbox;
  readonly tokens: OneTimeTokens;
  readonly broker: Broker;
  /** Limits of a connector's runs: the operator's, lowered by the manifest. */
  readonly limitsOf: (connector: Connector) => Limits;
  /** The keys of a connector in the argument: JSON of an object without its braces. */
  readonly argumentKeysOf: (connector: Connector) => string;
  readonly argument: ArgumentLimits;
  /** Characters of uncommitted writes, of all runs together. */
  readonly writes: FairQuota;
  readonly ids: ObjectIds;
  readonly runs: Runs;
  readonly log: RunLog;
  /** Undefined: input and answer of runs are not stored. */
  readonly payloads: PayloadOptions | undefined;
  /** Maps the stacks of connectors' errors. */
  readonly sourceLines: SourceLines;
}

export interface FunctionRequest {
  readonly section: CallableSection;
  readonly name: string;
  /** Checked JSON of an object: the caller's part of `options`. */
  readonly body: Buffer;
  /** The request's trace; by default a new one. */
  readonly trace?: Trace | undefined;
  /** The caller. Default: the embedding application. */
  readonly by?: Caller | undefined;
  /** Throws if the integration is not the version that the caller means. */
  readonly precondition?: ((unit: UnitOfWork) => void) | undefined;
}

/** A call of the flow engine, which runs beside the connector's functions. */
export interface EngineCall {
  readonly function: EngineFunction;
  /** Runs of one lane share an isolate, one after the other. Lanes of an integration run beside one another. */
  readonly lane: string;
  /** Credentials in the argument, which logs and errors must not repeat. */
  readonly secrets: readonly string[];
}

export interface FunctionCall extends Omit<FunctionRequest, 'section'> {
  readonly section: CallableSection | 'flow';
  /** Instead of the connector's own function. */
  readonly engine?: EngineCall;
  readonly connector: Connector;
  readonly unit: UnitOfWork;
  /** Commits all or nothing, even if the manifest sets `transactional: false`. */
  readonly isAtomic?: boolean;
  readonly onStarted?: ((runId: string) => void) | undefined;
}

/** `text` is valid JSON. */
export interface Answer {
  readonly runId: string;
  readonly text: string;
  readonly usage: RunUsage;
  readonly run: ActiveRun;
}

/** The manifest has the same limit. */
const NAME_CHARS = 200;

function assertName(name: string): void {
  if (name.length <= NAME_CHARS) return;
  throw requestError('invalid_function', { message: `A function name has at most ${NAME_CHARS} characters.` });
}

/** Charges a run's uncommitted writes to the quota. The returned function refunds them. */
function limitWrites(quota: FairQuota, connectorId: string, unit: UnitOfWork): () => void {
  let charged = 0;
  unit.onGrowth = (chars) => {
    if (chars > 0 && !quota.take(connectorId, chars)) {
      throw requestError('overloaded', { message: 'Running functions have too many uncommitted writes.' });
    }
    if (chars < 0) quota.release(connectorId, -chars);
    charged += chars;
  };
  return () => {
    unit.onGrowth = undefined;
    quota.release(connectorId, charged);
  };
}

/**
 * Runs a function in its compartment, then applies its answer. The run's outcome covers both.
 *
 * @param onAnswer applies the answer, usually by committing the unit of work
 * @param fallback replaces an error; undefined: the error is thrown
 * @throws RunError if the run or `onAnswer` fails
 */
export async function callFunction<T>(
  dispatcher: Dispatcher,
  call: FunctionCall,
  onAnswer: (answer: Answer) => Promise<T>,
  fallback: (error: RunError) => (() => Promise<NoInfer<T> & Pick<Answer, 'text'>>) | undefined = () => undefined,
): Promise<T> {
  const result = await runFunction(dispatcher, call);
  let answer = result instanceof RunError ? undefined : result.text;
  try {
    if (!(result instanceof RunError)) return await settleRun(result, () => onAnswer(result));
    const work = fallback(result);
    if (!work) throw result;
    const replacement = await settleRun(result, work);
    answer = replacement.text;
    return replacement;
  } finally {
    conclude(dispatcher, call, result.run, answer);
  }
}

async function runFunction(dispatcher: Dispatcher, call: FunctionCall): Promise<Answer | RunError> {
  const { connector, unit, section, name, body, engine, trace = newTrace() } = call;
  const { integrationId } = unit;
  assertName(name);
  const { connector: manifest } = connector.manifest;
  const runId = dispatcher.ids();
  const isTransactional = call.isAtomic || (manifest.transactional ?? true);
  const grantFields = { runId, connectorId: connector._id, integrationId, unit, isTransactional };
  const { grant, token, revoke, redact: redactToken } = dispatcher.tokens.issue(grantFields);
  const redact = (text: string): string => withoutSecrets(redactToken(text), engine?.secrets ?? []);
  const run = startRun(dispatcher, call, runId, trace);
  run.token = token;
  const ask = dispatcher.broker.createAsk(
    {
      connectorId: connector._id,
      account: grant.account,
      own: { grant, token },
      permissions: manifest.permissions?.fetch ?? [],
      trace,
    },
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
  const runAuthor = connector._id === OWN_FLOWS ? {} : { run: { _id: runId, _connectorId: connector._id } };
  unit.author = { by: call.by ?? HOST, ...runAuthor };
  const endWriting = limitWrites(dispatcher.writes, connector._id, unit);
  const keys = `${dispatcher.argumentKeysOf(connector)},"_integrationId":"${integrationId}","bearerToken":"${token}"`;
  const argument = argumentOf(body, keys);
  let outcome: Outcome;
  try {
    outcome = await dispatcher.sandbox.run(
      {
        runId,
        bundle: connector.bundle,
        integrationId: engine ? `${integrationId} ${engine.lane}` : integrationId,
        call: engine ? { engine: engine.function, argument } : { section, name, argument },
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
  const error = errorOf(runId, run, await withSourceLines(dispatcher, connector, outcome), redact, {
    section,
    name,
    limits: dispatcher.limitsOf(connector),
    manifestLimits: manifest.limits,
  });
  const stack = outcome.status === 'failed' ? redact(await dispatcher.sourceLines.of(connector, outcome.stack)) : '';
  run.ended({ outcome, ...(error ? { errors: error.errors, stack } : {}) });
  if (error) return error;
  return { runId, text: (outcome as Outcome & { status: 'answered' }).result, usage: outcome.usage, run };
}

function startRun({ runs }: Dispatcher, call: FunctionCall, runId: string, { traceId }: Trace): ActiveRun {
  const { connector, unit, section, name } = call;
  const run = runs.begin({
    _id: runId,
    _integrationId: unit.integrationId,
    ...(connector._id === OWN_FLOWS ? {} : { _connectorId: connector._id }),
    version: connector.manifest.version,
    digest: connector.bundle.digest,
    section,
    function: name,
    traceId,
  });
  call.onStarted?.(runId);
  return run;
}

/** Runs a built-in function of the runtime instead of the connector's. It is recorded as a run, but needs no compartment. */
export async function callBuiltIn<T extends Pick<Answer, 'text'>>(
  dispatcher: Dispatcher,
  call: FunctionCall,
  work: () => Promise<T>,
): Promise<T> {
  assertName(call.name);
  const { section, name, trace = newTrace() } = call;
  const { integrationId } = call.unit;
  const runId = dispatcher.ids();
  const run = startRun(dispatcher, call, runId, trace);
  const outcome: Outcome = { status: 'answered', result: '', usage: { wallMs: 0, cpuMs: 0, heapBytes: 0 } };
  dispatcher.log.onRunEnded({ runId, integrationId, section, name, outcome });
  run.ended({ outcome });
  let answer: string | undefined;
  try {
    const result = await settleRun({ runId, run }, work);
    answer = result.text;
    return result;
  } finally {
    conclude(dispatcher, call, run, answer);
  }
}

/** Makes the record final, with input and answer if the operator wants them. */
function conclude(
  { payloads }: Dispatcher,
  { connector, unit, body, engine }: FunctionCall,
  run: ActiveRun,
  answer: string | undefined,
): void {
  // Pages of flows are customers' data: what fails of them is stored with the job.
  if (!payloads || engine || run.isForgotten) return run.conclude();
  run.concludeWith(payloadsOf(payloads, { connectorId: connector._id, unit, token: run.token, body, answer }));
}

/** Applies an answer. Its failure amends the run's outcome, and the error names the run. */
async function settleRun<T>({ runId, run }: Pick<Answer, 'runId' | 'run'>, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work();
    if (run.outcome !== 'succeeded') run.amend({ outcome: 'succeeded' });
    return result;
  } catch (error) {
    run.amend({ outcome: 'failed', errors: failureOf(error).errors });
    throw error instanceof RequestError ? new RunError(runId, run, error) : error;
  }
}

/** A bundle that does not load names the line of its source, too. */
async function withSourceLines({ sourceLines }: Dispatcher, connector: Connector, outcome: Outcome): Promise<Outcome> {
  if (outcome.status !== 'faulted' || outcome.fault !== 'bundle_failed') return outcome;
  return { ...outcome, message: await sourceLines.of(connector, outcome.message) };
}
