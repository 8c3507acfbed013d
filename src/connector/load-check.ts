/** Whether a bundle loads: found out where its code belongs, in its compartment, calling nothing. */
import { type Ask, defaultLimits, type Outcome, type Sandbox } from '../../sandbox/index.ts';
import type { Connector } from './bundle.ts';

/** A manifest's limits are for its functions; loading has these. */
const limits = Object.freeze({ ...defaultLimits, timeoutMs: 5_000, cpuMs: 1_500 });

const refusal = JSON.stringify({
  error: { code: 'permission_denied', message: 'Nothing can be asked for while a bundle loads.' },
});
const nothing: Ask = { fetch: async () => refusal, progress: async () => refusal, log: () => {} };

const ATTEMPTS = 3;

export interface LoadProblem {
  readonly reason: string;
  /** The machine has not given it its time: it says nothing of the bundle. */
  readonly isForNow: boolean;
}

/**
 * Resolves to why the bundle does not load, or to nothing.
 *
 * @param isReplacement the version before it serves on meanwhile, and must not be harmed
 */
export async function loadProblem(
  sandbox: Sandbox,
  newRunId: () => string,
  { bundle }: Connector,
  isReplacement: boolean,
): Promise<LoadProblem | undefined> {
  for (let attempt = 1; ; attempt++) {
    const job = { runId: newRunId(), bundle, integrationId: '', limits, alone: isReplacement || attempt > 1 };
    const outcome = await sandbox.run(job, nothing);
    if (outcome.status === 'answered') return undefined;
    const isForNow = outcome.status === 'faulted' && hadNoTime(outcome);
    const isUnsure = isForNow || (outcome.status === 'faulted' && outcome.fault === 'sandbox_crashed');
    if (isUnsure && attempt < ATTEMPTS) continue;
    const reason = outcome.message || (outcome.status === 'faulted' ? outcome.fault : outcome.code);
    return { reason, isForNow };
  }
}

/** A loop is cut off by the clock, however little of a core it had until then. */
function hadNoTime({ fault, spent }: Outcome & { status: 'faulted' }): boolean {
  if (fault === 'overloaded' || fault === 'sandbox_restarted') return true;
  return (fault === 'run_timeout' || fault === 'cpu_limit_exceeded') && spent.cpuMs < limits.cpuMs / 2;
}
