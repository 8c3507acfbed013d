/**
 * Everything that crosses a wall: the types of a job and its outcome, and the messages between the
 * runtime's process and a compartment's threads. Messages from a compartment are checked against the
 * schemas below. Messages to it are ours and need no check.
 *
 * Code in the compartment imports only types from here, so that it loads no validator.
 */
import type { Duplex } from 'node:stream';
import Type, { type Static } from '#typebox';
import { type Capability, capabilityNames } from './capabilities.ts';
import type { EngineFunction } from './engine-functions.ts';

/** The limits of one run. */
export interface Limits {
  /** Wall time of the run, including loading the bundle. */
  readonly timeoutMs: number;
  /** CPU time of the run's isolate. */
  readonly cpuMs: number;
  /** Heap of the run's isolate. */
  readonly memoryMb: number;
  /** UTF-8 bytes of the result's JSON text. */
  readonly resultBytes: number;
  /** Levels of arrays and objects in the result. */
  readonly resultDepth: number;
  /** Characters of an error's message. Its code may have a tenth as many, its stack twice as many. */
  readonly errorChars: number;
  /** Log lines of the run. Further lines are counted and dropped. */
  readonly logLines: number;
  /** UTF-8 bytes of all log lines together. */
  readonly logBytes: number;
  /** Timers set at the same time. */
  readonly timers: number;
  /** Requests to the runtime open at the same time. */
  readonly pendingAsks: number;
  /** Characters of one request to the runtime. */
  readonly askChars: number;
}

export const defaultLimits: Limits = Object.freeze({
  timeoutMs: 300_000,
  cpuMs: 10_000,
  memoryMb: 64,
  resultBytes: 5 * 1024 * 1024,
  resultDepth: 200,
  errorChars: 2_000,
  logLines: 1_000,
  logBytes: 256 * 1024,
  timers: 1_000,
  pendingAsks: 100,
  askChars: 8 * 1024 * 1024,
});

/** A connector's code. Same digest, same code. */
export interface Bundle {
  readonly connectorId: string;
  readonly digest: string;
  /** The file name in stack traces, such as `shopify-netsuite/index.js`. */
  readonly filename: string;
  readonly format: 'commonjs' | 'module';
  readonly code: string;
}

/** A function of a section, or of the flow engine, which calls the connector's functions itself. */
export type CallTarget = { readonly section: string; readonly name: string } | { readonly engine: EngineFunction };

/** A function and its one argument: JSON text, or its UTF-8 bytes in pieces. */
export type Call = CallTarget & { readonly argument: string | readonly Buffer[] };

export interface Job {
  readonly runId: string;
  readonly bundle: Bundle;
  /** The run may use the warm isolate of this integration, and of no other. */
  readonly integrationId: string;
  /** Without a call, the bundle is only loaded. The result is then a `BundleReport`. */
  readonly call?: Call;
  readonly limits: Limits;
  /** Runs apart from the connector's calls, in a process that never runs another connector's code. */
  readonly inOwnProcess?: boolean;
  /** Ends the run early with the fault `cancelled`. */
  readonly signal?: AbortSignal;
}

/**
 * Why a run has no answer. Decided only by what our side observes: timers, counters, the state of the
 * isolate and of the process.
 */
export const faults = [
  'run_timeout',
  'cpu_limit_exceeded',
  'memory_limit_exceeded',
  'sandbox_crashed',
  'sandbox_restarted',
  'never_answered',
  'overloaded',
  'cancelled',
  'bundle_failed',
  'object_not_found',
  'invalid_function',
  'invalid_extension_response',
  'response_size_exceeded',
] as const;
export type Fault = (typeof faults)[number];

/** Faults that a thread may report. Only the runtime's process can see the others. */
const threadFaults = [
  'run_timeout',
  'cpu_limit_exceeded',
  'memory_limit_exceeded',
  'never_answered',
  'overloaded',
  'cancelled',
  'bundle_failed',
  'object_not_found',
  'invalid_function',
  'invalid_extension_response',
  'response_size_exceeded',
] as const satisfies readonly Fault[];
export type ThreadFault = (typeof threadFaults)[number];

/** What a run has used. */
export interface RunUsage {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Largest heap of the isolate, measured between entries. */
  readonly heapBytes: number;
}

export type Outcome =
  /** `result` is JSON text that parses. */
  | { readonly status: 'answered'; readonly result: string; readonly usage: RunUsage }
  /** The connector's own error. `stack` shows lines of the bundle and belongs in the run's record only. */
  | {
      readonly status: 'failed';
      readonly code: string;
      readonly message: string;
      readonly stack: string;
      readonly usage: RunUsage;
    }
  | {
      readonly status: 'faulted';
      readonly fault: Fault;
      readonly message: string;
      readonly usage: RunUsage;
      /** When to try again, if that is known. */
      readonly retryAfterMs?: number;
    };

export const noUsage: RunUsage = Object.freeze({ wallMs: 0, cpuMs: 0, heapBytes: 0 });

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * What a run may ask of the runtime, made from its grant. A capability takes JSON text. It resolves to
 * `{"value":…}` or `{"error":{"code","message"}}`, as JSON text or its UTF-8 bytes, and never rejects.
 */
export type Ask = {
  readonly [capability in Capability]: (
    request: string,
    signal: AbortSignal,
    /** Whether unread replies have piled up in the pipe. Another reply would then be refused anyway. */
    isCongested?: () => boolean,
  ) => Promise<string | Buffer>;
} & {
  log(level: LogLevel, text: string): void;
  /** CPU time the runtime has spent on this run's asks, in milliseconds. It counts towards `cpuMs`. */
  runtimeCpuMs?(): number;
};

/** The sandbox's load at this moment. */
export interface SandboxUsage {
  readonly runsInFlight: number;
  /** Runs waiting for admission. */
  readonly runsWaiting: number;
  /** Including the prewarmed one. */
  readonly compartments: number;
}

export interface Sandbox {
  /** Resolves for everything that a connector can do wrong. Rejects only for our own bugs. */
  run(job: Job, ask: Ask): Promise<Outcome>;
  /** Whether the connector's circuit breaker is open: it has crashed its compartment too often. */
  isCircuitOpen(connectorId: string): boolean;
  usage(): SandboxUsage;
  /** What is wrong with the machine, in sentences for the operator. Empty if all is well. */
  problems(): readonly string[];
  /** Ends every compartment. Runs in flight get `sandbox_restarted`. Idempotent. */
  close(): Promise<void>;
}

/** Settings of a compartment's threads, passed to them when they start. */
export interface ThreadOptions {
  /** Worker threads. */
  readonly threads: number;
  /** Isolates per thread that stay warm for the next run of their integration. */
  readonly warmIsolates: number;
  /** How long an unused isolate stays warm. */
  readonly warmMs: number;
}

export interface HostExit {
  /** The fault of the run that caused the exit, if a run did. */
  readonly fault: Fault;
  /** A sentence for the operator, in case the host had not started yet. */
  readonly problem: string;
}

/** Where a compartment's threads run: in their own process, or in this one. */
export interface Host {
  /** One per thread. */
  readonly pipes: readonly Duplex[];
  /** Process id of the host's own process, for reading its memory and CPU time. */
  readonly pid?: number | undefined;
  /** Resolves when the host has exited. */
  readonly exited: Promise<HostExit>;
  /** Lowers the host's priority. Called when it has started: starting runs only our own code. */
  lowerPriority(): void;
  /** Ends the host at once, whatever it is doing. */
  kill(): void;
}
export type StartHost = (options: ThreadOptions) => Host;

/** Runtime → thread. These are message headers; the body is text. */
export type ToThread =
  | { type: 'bundle'; connectorId: string; digest: string; filename: string; format: Bundle['format'] }
  | {
      type: 'job';
      runId: string;
      digest: string;
      integrationId: string;
      call?: CallTarget;
      /** Omitted if they equal those of the last job with this digest. */
      limits?: Limits;
    }
  /** `runtimeCpuMs`: the runtime's CPU time for this run so far; omitted if zero. */
  | { type: 'reply'; runId: string; askId: number; runtimeCpuMs?: number }
  | { type: 'cancel'; runId: string }
  | { type: 'drop'; digest: string }
  /** Memory is short: release all idle isolates. */
  | { type: 'shed' }
  /** What the thread's warm isolates may take together from now on. */
  | { type: 'warm'; bytes: number };

/** An upper bound for any configured `errorChars`. */
const ERROR_CHARS_LIMIT = 40_000;
const Text = (maxLength: number) => Type.String({ maxLength });
const RunId = Text(64);
const RunUsageSchema = Type.Object({
  wallMs: Type.Number({ minimum: 0 }),
  cpuMs: Type.Number({ minimum: 0 }),
  heapBytes: Type.Number({ minimum: 0 }),
});

/** Thread → runtime. Each header is checked against this when it arrives. */
export const FromThread = Type.Union([
  /** The thread's first message: it takes jobs now. */
  Type.Object({ type: Type.Literal('ready') }),
  /** Memory of the thread's warm and prewarmed isolates. */
  Type.Object({ type: Type.Literal('retained'), bytes: Type.Number({ minimum: 0 }) }),
  /**
   * The run is waiting: it has handled its job and this many replies. A thread takes jobs and replies in
   * the order they were sent, and sends this before it takes the next one.
   */
  Type.Object({ type: Type.Literal('waiting'), runId: RunId, replies: Type.Integer({ minimum: 0 }) }),
  /** A timer of the run has fired. The run has the thread until it waits again or ends. */
  Type.Object({ type: Type.Literal('running'), runId: RunId }),
  Type.Object({ type: Type.Literal('answered'), runId: RunId, usage: RunUsageSchema }),
  Type.Object({
    type: Type.Literal('failed'),
    runId: RunId,
    code: Text(ERROR_CHARS_LIMIT),
    stack: Text(ERROR_CHARS_LIMIT),
    usage: RunUsageSchema,
  }),
  Type.Object({
    type: Type.Literal('faulted'),
    runId: RunId,
    fault: Type.Enum([...threadFaults]),
    usage: RunUsageSchema,
  }),
  Type.Object({
    type: Type.Literal('ask'),
    runId: RunId,
    askId: Type.Integer({ minimum: 0 }),
    capability: Type.Enum([...capabilityNames]),
  }),
  Type.Object({ type: Type.Literal('log'), runId: RunId, level: Type.Enum([...logLevels]) }),
]);
export type FromThread = Static<typeof FromThread>;
