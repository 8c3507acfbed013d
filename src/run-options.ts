/** Converts the options to the sandbox's options and run limits. */
import { defaultLimits, type Limits, type SandboxOptions } from '../sandbox/index.ts';
import type { Options } from './options.ts';

export const sandboxOptionsOf = (options: Options): Partial<SandboxOptions> => ({
  isolation: options.isolation,
  compartments: options.compartments,
  residentMb: options.compartmentMemoryMb,
  idleMs: options.compartmentIdleMs,
  crashesPerMinute: options.crashesPerMinute,
  warmIsolates: options.warmIsolates,
  ...(options.warmMemoryMb === undefined ? {} : { warmMb: options.warmMemoryMb }),
  warmMs: options.warmMs,
  runs: options.runs,
  runsPerConnector: options.runsPerConnector,
  queuePerConnector: options.queuePerConnector,
});

export const runLimitsOf = (options: Options): Limits => ({
  ...defaultLimits,
  timeoutMs: options.runTimeoutMs,
  cpuMs: options.runCpuMs,
  memoryMb: options.runMemoryMb,
  resultBytes: options.runResultBytes,
  resultDepth: options.runResultDepth,
  errorChars: options.runErrorChars,
  logLines: options.runLogLines,
  logBytes: options.runLogBytes,
  timers: options.runTimers,
  pendingAsks: options.runRequests,
});

export const rateLimitsOf = ({ rateLimitPerSecond, badTokensPerMinute }: Options) => ({
  perSecond: rateLimitPerSecond,
  badTokensPerMinute,
});
