/** The door to the sandbox: everything that the runtime may know of it. */
import { availableParallelism, totalmem } from 'node:os';
import type { Sandbox } from './protocol.ts';
import { Supervisor, type SupervisorOptions } from './supervisor/supervisor.ts';

export type { Ask, Bundle, Call, Fault, Job, Limits, LogLevel, Outcome, Sandbox, Spent } from './protocol.ts';
export { defaultLimits } from './protocol.ts';
export type { SupervisorOptions } from './supervisor/supervisor.ts';

/**
 * @example
 * const sandbox = createSandbox({ compartments: 4 });
 * const outcome = await sandbox.run(job, ask);
 * await sandbox.close();
 */
export function createSandbox(options: Partial<SupervisorOptions> = {}): Sandbox {
  return new Supervisor({
    threads: Math.min(2, availableParallelism()),
    warmIsolates: 128,
    warmMs: 5 * 60_000,
    // A thousand runs that wait take two gigabytes.
    residentMb: Math.min(4_096, totalmem() / 2 ** 21),
    compartments: 8,
    runsPerConnector: 1_000,
    idleMs: 60_000,
    spare: true,
    ...options,
  });
}
