/** Options of runs and connector processes (contract 2). */
import Type, { type TSchema } from '#typebox';
import { defaultLimits, defaultSandboxOptions } from '../sandbox/index.ts';
import { outboundLimits } from './broker/outbound-limits.ts';
import { LARGE_BYTES } from './json.ts';

/** A numeric `fallback` makes the option a number. */
export interface OptionRow {
  readonly flag: string;
  readonly environment: string;
  readonly schema: TSchema;
  readonly fallback?: string | number;
  readonly help: string;
}

export const Milliseconds = Type.Integer({ minimum: 1, maximum: 24 * 3_600_000 });
const Count = Type.Integer({ minimum: 1, maximum: 1_000_000 });
const Bytes = Type.Integer({ minimum: 1, maximum: 256 * 1024 * 1024 });
const Levels = Type.Integer({ minimum: 1, maximum: 1_000 });

export const sandboxOptions = {
  runTimeoutMs: {
    flag: 'run-timeout-ms',
    environment: 'BULKHEAD_RUN_TIMEOUT_MS',
    schema: Milliseconds,
    fallback: 300_000,
    help: 'maximum wall time of a run, in milliseconds; a manifest may lower it',
  },
  runCpuMs: {
    flag: 'run-cpu-ms',
    environment: 'BULKHEAD_RUN_CPU_MS',
    schema: Milliseconds,
    fallback: 10_000,
    help: 'maximum CPU time of a run, in milliseconds; a manifest may lower it',
  },
  runMemoryMb: {
    flag: 'run-memory-mb',
    environment: 'BULKHEAD_RUN_MEMORY_MB',
    schema: Type.Integer({ minimum: 8, maximum: 4_096 }),
    fallback: 64,
    help: 'maximum heap of a run, in MiB; a manifest may lower it',
  },
  runArgumentBytes: {
    flag: 'run-argument-bytes',
    environment: 'BULKHEAD_RUN_ARGUMENT_BYTES',
    schema: Bytes,
    fallback: 50 * 1024 * 1024,
    help: "maximum bytes of a function call's body",
  },
  runArgumentDepth: {
    flag: 'run-argument-depth',
    environment: 'BULKHEAD_RUN_ARGUMENT_DEPTH',
    schema: Levels,
    fallback: 200,
    help: "maximum nesting of a function call's body",
  },
  runResultBytes: {
    flag: 'run-result-bytes',
    environment: 'BULKHEAD_RUN_RESULT_BYTES',
    schema: Bytes,
    fallback: defaultLimits.resultBytes,
    help: "maximum bytes of a function's answer",
  },
  runResultDepth: {
    flag: 'run-result-depth',
    environment: 'BULKHEAD_RUN_RESULT_DEPTH',
    schema: Levels,
    fallback: defaultLimits.resultDepth,
    help: "maximum nesting of a function's answer",
  },
  runResponseBytes: {
    flag: 'run-response-bytes',
    environment: 'BULKHEAD_RUN_RESPONSE_BYTES',
    schema: Bytes,
    fallback: outboundLimits.responseBytes,
    help: "maximum bytes of a fetch response's body, decompressed",
  },
  runErrorChars: {
    flag: 'run-error-chars',
    environment: 'BULKHEAD_RUN_ERROR_CHARS',
    schema: Type.Integer({ minimum: 10, maximum: 20_000 }),
    fallback: defaultLimits.errorChars,
    help: "maximum characters of a connector's error message; a tenth of that for its code",
  },
  runLogLines: {
    flag: 'run-log-lines',
    environment: 'BULKHEAD_RUN_LOG_LINES',
    schema: Count,
    fallback: defaultLimits.logLines,
    help: 'maximum lines that a run may log',
  },
  runLogBytes: {
    flag: 'run-log-bytes',
    environment: 'BULKHEAD_RUN_LOG_BYTES',
    schema: Bytes,
    fallback: defaultLimits.logBytes,
    help: 'maximum bytes that a run may log',
  },
  runPayloadBytes: {
    flag: 'run-payload-bytes',
    environment: 'BULKHEAD_RUN_PAYLOAD_BYTES',
    schema: Type.Integer({ minimum: 0, maximum: LARGE_BYTES }),
    fallback: 0,
    help: 'maximum bytes of input and of answer that the record of a run keeps; 0: neither is kept',
  },
  runTimers: {
    flag: 'run-timers',
    environment: 'BULKHEAD_RUN_TIMERS',
    schema: Count,
    fallback: defaultLimits.timers,
    help: 'maximum timers of a run',
  },
  runRequests: {
    flag: 'run-requests',
    environment: 'BULKHEAD_RUN_REQUESTS',
    schema: Count,
    fallback: defaultLimits.pendingAsks,
    help: 'maximum open requests of a run',
  },
  isolation: {
    flag: 'isolation',
    environment: 'BULKHEAD_ISOLATION',
    schema: Type.Enum(['process', 'thread']),
    fallback: defaultSandboxOptions.isolation,
    help: "process: each connector in a jailed process; thread: all in the server's process",
  },
  compartments: {
    flag: 'compartments',
    environment: 'BULKHEAD_COMPARTMENTS',
    schema: Type.Integer({ minimum: 1, maximum: 1_000 }),
    fallback: defaultSandboxOptions.compartments,
    help: 'maximum number of connector processes',
  },
  compartmentMemoryMb: {
    flag: 'compartment-memory-mb',
    environment: 'BULKHEAD_COMPARTMENT_MEMORY_MB',
    schema: Type.Integer({ minimum: 256, maximum: 1_000_000 }),
    fallback: defaultSandboxOptions.residentMb,
    help: "maximum resident memory of a connector process, in MiB; never more than half of the machine's",
  },
  compartmentIdleMs: {
    flag: 'compartment-idle-ms',
    environment: 'BULKHEAD_COMPARTMENT_IDLE_MS',
    schema: Milliseconds,
    fallback: defaultSandboxOptions.idleMs,
    help: 'how long an unused connector process stays, in milliseconds',
  },
  crashesPerMinute: {
    flag: 'crashes-per-minute',
    environment: 'BULKHEAD_CRASHES_PER_MINUTE',
    schema: Type.Integer({ minimum: 0, maximum: 10_000 }),
    fallback: defaultSandboxOptions.crashesPerMinute,
    help: 'crashes per connector per minute before its circuit breaker opens',
  },
  warmIsolates: {
    flag: 'warm-isolates',
    environment: 'BULKHEAD_WARM_ISOLATES',
    schema: Type.Integer({ minimum: 0, maximum: 10_000 }),
    fallback: defaultSandboxOptions.warmIsolates,
    help: 'maximum isolates kept warm for their next run, per thread',
  },
  warmMemoryMb: {
    flag: 'warm-memory-mb',
    environment: 'BULKHEAD_WARM_MEMORY_MB',
    schema: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000_000 })),
    help: "memory of all warm isolates, in MiB; by default, and at most, a quarter of the machine's",
  },
  warmMs: {
    flag: 'warm-ms',
    environment: 'BULKHEAD_WARM_MS',
    schema: Milliseconds,
    fallback: defaultSandboxOptions.warmMs,
    help: 'how long an unused isolate stays warm, in milliseconds',
  },
  runs: {
    flag: 'runs',
    environment: 'BULKHEAD_RUNS',
    schema: Count,
    fallback: defaultSandboxOptions.runs,
    help: 'maximum runs in flight, all connectors together',
  },
  runsPerConnector: {
    flag: 'runs-per-connector',
    environment: 'BULKHEAD_RUNS_PER_CONNECTOR',
    schema: Count,
    fallback: defaultSandboxOptions.runsPerConnector,
    help: 'maximum runs in flight of one connector',
  },
  queuePerConnector: {
    flag: 'queue-per-connector',
    environment: 'BULKHEAD_QUEUE_PER_CONNECTOR',
    schema: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
    fallback: defaultSandboxOptions.queuePerConnector,
    help: 'maximum waiting runs of one connector',
  },
} as const satisfies Record<string, OptionRow>;
