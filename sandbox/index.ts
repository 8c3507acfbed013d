/** The sandbox's public interface: all that the runtime may import from it. */
import { availableParallelism, totalmem } from 'node:os';
import { startInProcess } from './process/in-process.ts';
import type { Sandbox } from './protocol.ts';
import { startProcess } from './supervisor/process-host.ts';
import { Supervisor, type SupervisorOptions } from './supervisor/supervisor.ts';

export { BundleReport } from './bundle-report.ts';
export { ById } from './by-id.ts';
export { type EngineFunction, engineFunctions } from './engine-functions.ts';
export { FairQuota } from './fair-quota.ts';
export { FairSemaphore } from './fair-semaphore.ts';
export { fixedAsk } from './fixed-ask.ts';
export type {
  EngineContext,
  EngineLimits,
  FlowRecord,
  GeneratedPage,
  GenerateOptions,
  InvokeOptions,
  Offline,
  Pause,
  ProcessedPage,
  ProcessOptions,
  Processor,
  RecordError,
  StepCounts,
} from './guest/flow/interface.ts';
export {
  absentModuleFile,
  absentPackages,
  formSenders,
  inlinedFilesModule,
  integratorApiFile,
  nodeBuilds,
  nodeGlobals,
  nodeModule,
  partOfNodeModule,
  xmlHttpRequestFile,
} from './guest/node-modules.ts';
export { hasMoreItems, hasMoreParts, hasMoreStructure, nestsDeeper, partsIn } from './nesting.ts';
export type {
  Ask,
  Bundle,
  Call,
  CallTarget,
  Fault,
  Job,
  Limits,
  LogLevel,
  Outcome,
  RunUsage,
  Sandbox,
  SandboxUsage,
} from './protocol.ts';
export { defaultLimits } from './protocol.ts';
export { type CallableSection, callableSections, type SectionName, sections } from './sections.ts';

export interface SandboxOptions extends SupervisorOptions {
  /** `process`: each compartment is a jailed process. `thread`: threads in this process, without the jail. */
  readonly isolation: 'process' | 'thread';
}

export const defaultSandboxOptions: SandboxOptions = Object.freeze({
  isolation: 'process',
  threads: Math.min(2, availableParallelism()),
  warmIsolates: 10_000,
  warmMb: Number.POSITIVE_INFINITY,
  warmMs: 5 * 60_000,
  // A thousand waiting runs take two gigabytes.
  residentMb: 4_096,
  compartments: 8,
  crashesPerMinute: 30,
  runs: 4_000,
  runsPerConnector: 1_000,
  queuePerConnector: 1_000,
  idleMs: 60_000,
  prewarmed: true,
});

/**
 * @example
 * const sandbox = createSandbox({ compartments: 4 });
 * const code = 'exports.settings = { double: ({ x }) => 2 * x }';
 * const outcome = await sandbox.run(
 *   {
 *     runId: 'r1',
 *     integrationId: 'i1',
 *     bundle: { connectorId: 'c1', digest: code, filename: 'c/index.js', format: 'commonjs', code },
 *     call: { section: 'settings', name: 'double', argument: '{"x":21}' },
 *     limits: defaultLimits,
 *   },
 *   fixedAsk('{"value":null}'),
 * );
 * await sandbox.close();
 */
export function createSandbox(given: Partial<SandboxOptions> = {}): Sandbox {
  const { isolation, residentMb, warmMb, ...options } = { ...defaultSandboxOptions, ...given };
  const machineMb = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY) / 2 ** 20;
  return new Supervisor(isolation === 'thread' ? startInProcess : startProcess, {
    ...options,
    residentMb: Math.min(residentMb, machineMb / 2),
    warmMb: Math.min(warmMb, machineMb / 4),
  });
}
