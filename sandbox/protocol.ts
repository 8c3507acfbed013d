/**
 * Everything that crosses a wall: the types of a job and its outcome, and the messages between the
 * runtime's process and a compartment's threads. What comes out of a compartment is checked against the
 * schemas below; what goes in is made by us.
 *
 * The compartment's side imports types alone from here, so that no validator is loaded in it.
 */
import type { Duplex } from 'node:stream';
import Type, { type Static } from '#typebox';

/** The limits of one run. Every amount has a name and a unit. */
export interface Limits {
  /** Wall time of the run, loading of the bundle included. */
  readonly timeoutMs: number;
  /** CPU time that the run's isolate may use. */
  readonly cpuMs: number;
  /** Heap of the run's isolate. */
  readonly memoryMb: number;
  /** UTF-8 bytes of the result's JSON text. */
  readonly resultBytes: number;
  /** Levels of arrays and objects in the result. */
  readonly resultDepth: number;
  /** Characters of an error's message; its code gets a tenth of it, its stack twice as many. */
  readonly errorChars: number;
  /** Lines that a run may log; what is over is counted, not kept. */
  readonly logLines: number;
  /** UTF-8 bytes that a run may log, all lines together. */
  readonly logBytes: number;
  /** Timers that may be set at once. */
  readonly timers: number;
  /** Requests to the runtime that may be open at once. */
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

/** A connector's code. The digest names it: same digest, same code. */
export interface Bundle {
  readonly connectorId: string;
  readonly digest: string;
  /** How the code is named in stacks, `shopify-netsuite/index.js`. */
  readonly filename: string;
  readonly format: 'commonjs' | 'module';
  readonly code: string;
}

/** A function of a section, with its one argument as JSON text, or its UTF-8 bytes in pieces. */
export interface Call {
  readonly section: string;
  readonly name: string;
  readonly argument: string | readonly Buffer[];
}

export interface Job {
  readonly runId: string;
  readonly bundle: Bundle;
  /** Whose warm isolate the run may use; module state never reaches another integration. */
  readonly integrationId: string;
  /** Absent: the bundle is loaded and nothing called; the result is a `BundleReport`. */
  readonly call?: Call;
  readonly limits: Limits;
  /** In a process apart from the connector's calls, where code of this connector alone is tried. */
  readonly alone?: boolean;
  /** Ends the run early; its outcome is the fault `cancelled`. */
  readonly signal?: AbortSignal;
}

/**
 * Why a run has no answer. Decided from what our side saw: timers, counters, the state of the
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

/** Those that a thread finds out; the others are seen from outside alone. */
const threadsFaults = [
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
export type ThreadsFault = (typeof threadsFaults)[number];

/** What a run used. */
export interface Spent {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Heap of the isolate when the run ended. */
  readonly heapBytes: number;
}

export type Outcome =
  /** `result` is JSON text that parses. */
  | { readonly status: 'answered'; readonly result: string; readonly spent: Spent }
  /** The connector's own error. `stack` has the bundle's lines, for the run's record alone. */
  | {
      readonly status: 'failed';
      readonly code: string;
      readonly message: string;
      readonly stack: string;
      readonly spent: Spent;
    }
  | {
      readonly status: 'faulted';
      readonly fault: Fault;
      readonly message: string;
      readonly spent: Spent;
      /** When it is worth trying again; only where that is known. */
      readonly retryAfterMs?: number;
    };

export const nothingSpent: Spent = Object.freeze({ wallMs: 0, cpuMs: 0, heapBytes: 0 });

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

export const capabilities = ['fetch', 'progress'] as const;
export type Capability = (typeof capabilities)[number];

/**
 * What a run may ask of the runtime, made from its grant. A capability takes and gives JSON text, or its UTF-8
 * bytes; what it gives is `{"value":…}` or `{"error":{"code","message"}}`. It never rejects.
 */
export type Ask = {
  readonly [capability in Capability]: (
    request: string,
    signal: AbortSignal,
    /** Whether replies that the compartment has not read have piled up: work for one more would be in vain. */
    isCongested?: () => boolean,
  ) => Promise<string | Buffer>;
} & {
  log(level: LogLevel, text: string): void;
  /** CPU time that the runtime has spent on what the run asked, in milliseconds; it counts towards the run's own. */
  spentMs?(): number;
};

/** What is going on at the moment. */
export interface SandboxUsage {
  readonly runsInFlight: number;
  /** Runs that wait for a turn. */
  readonly runsWaiting: number;
  /** Those that connectors use and the spare one. */
  readonly compartments: number;
}

/** One call is `Job → Outcome`. */
export interface Sandbox {
  /** Resolves for everything that a connector can do wrong; rejects only for our own bugs. */
  run(job: Job, ask: Ask): Promise<Outcome>;
  /** Whether a connector is held back because it keeps bringing its compartment down. */
  isHeld(connectorId: string): boolean;
  usage(): SandboxUsage;
  /** What is wrong with the machine, in sentences for the operator; empty if nothing is. */
  problems(): readonly string[];
  /** Ends every compartment. Runs in flight get `sandbox_restarted`. Idempotent. */
  close(): Promise<void>;
}

/** How a compartment's threads are set up; handed to them when they start. */
export interface ThreadOptions {
  /** Worker threads. */
  readonly threads: number;
  /** Isolates kept for the next run of their integration, per thread. */
  readonly warmIsolates: number;
  /** How long an unused one is kept. */
  readonly warmMs: number;
}

export interface HostEnd {
  /** What it means for the run that did it, if a run did. */
  readonly fault: Fault;
  /** Why it has not started, if it had not yet: a sentence for the operator. */
  readonly problem: string;
}

/** Where a compartment's threads run: in a process of their own, or in this one. */
export interface Host {
  /** One per thread. */
  readonly pipes: readonly Duplex[];
  /** Of its own process, for readings of memory and CPU time. */
  readonly pid?: number | undefined;
  /** Settles when it has gone. */
  readonly gone: Promise<HostEnd>;
  /** It has started, with code of ours alone: from now on others come first. */
  yield(): void;
  /** Ends it at once, whatever it is doing. */
  kill(): void;
}
export type StartHost = (options: ThreadOptions) => Host;

/** Runtime → a thread of a compartment. A message is a small header and a body of text. */
export type ToThread =
  | { type: 'bundle'; connectorId: string; digest: string; filename: string; format: Bundle['format'] }
  | {
      type: 'job';
      runId: string;
      digest: string;
      integrationId: string;
      call?: { section: string; name: string };
      /** Absent: those of the last job with this digest. */
      limits?: Limits;
    }
  /** `spentMs`: CPU time of the runtime for this run so far, where there is any to speak of. */
  | { type: 'reply'; runId: string; askId: number; spentMs?: number }
  | { type: 'cancel'; runId: string }
  | { type: 'drop'; digest: string }
  /** Memory is short: isolates that no run has are given up. */
  | { type: 'shed' };

/** However much of an error an operator wants to see. */
const ERROR_CHARS_LIMIT = 40_000;
const Text = (maxLength: number) => Type.String({ maxLength });
const RunId = Text(64);
const SpentSchema = Type.Object({
  wallMs: Type.Number({ minimum: 0 }),
  cpuMs: Type.Number({ minimum: 0 }),
  heapBytes: Type.Number({ minimum: 0 }),
});

/** A thread → runtime, as it is checked when it arrives. */
export const FromThread = Type.Union([
  /** The thread takes jobs; its first message. */
  Type.Object({ type: Type.Literal('ready') }),
  /** What the isolates that wait for the next run have in memory. */
  Type.Object({ type: Type.Literal('kept'), bytes: Type.Number({ minimum: 0 }) }),
  /**
   * The run waits: it is done with its job and with so many replies. A thread takes jobs and replies in
   * the order in which they were sent, and says so before it comes to the next.
   */
  Type.Object({ type: Type.Literal('waiting'), runId: RunId, replies: Type.Integer({ minimum: 0 }) }),
  /** A timer of the run has come due: it runs from now on, until it waits again or has ended. */
  Type.Object({ type: Type.Literal('running'), runId: RunId }),
  Type.Object({ type: Type.Literal('answered'), runId: RunId, spent: SpentSchema }),
  Type.Object({
    type: Type.Literal('failed'),
    runId: RunId,
    code: Text(ERROR_CHARS_LIMIT),
    stack: Text(ERROR_CHARS_LIMIT),
    spent: SpentSchema,
  }),
  Type.Object({
    type: Type.Literal('faulted'),
    runId: RunId,
    fault: Type.Enum([...threadsFaults]),
    spent: SpentSchema,
  }),
  Type.Object({
    type: Type.Literal('ask'),
    runId: RunId,
    askId: Type.Integer({ minimum: 0 }),
    capability: Type.Enum([...capabilities]),
  }),
  Type.Object({ type: Type.Literal('log'), runId: RunId, level: Type.Enum([...logLevels]) }),
]);
export type FromThread = Static<typeof FromThread>;
