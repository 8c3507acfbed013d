/** Whether a bundle loads: found out where its code belongs, in its compartment, calling nothing. */
import { type Ask, defaultLimits, type Outcome, type Sandbox } from '../../sandbox/index.ts';
import { requestError } from '../errors.ts';
import type { Connector } from './bundle.ts';

/**
 * A manifest's limits are for its functions; loading has these. Code that loads waits for nothing: most of
 * the wall time is for the process to start, on a machine that does something else as well.
 */
const limits = Object.freeze({ ...defaultLimits, timeoutMs: 15_000, cpuMs: 1_500 });

const refusal = JSON.stringify({
  error: { code: 'permission_denied', message: 'Nothing can be asked for while a bundle loads.' },
});
const nothing: Ask = { fetch: async () => refusal, progress: async () => refusal, log: () => {} };

const ATTEMPTS = 3;
/** Code that was cut off after less than this has not had its time. */
const LEAST_CPU_MS = limits.cpuMs / 2;

export type Loaded =
  | { readonly problem: string; readonly sections?: never }
  /** Names of the functions, by section. */
  | { readonly problem?: never; readonly sections: Readonly<Record<string, readonly string[]>> };

/** Resolves to why the bundle does not load, or to nothing; see `loadBundle`. */
export async function loadProblem(...args: Parameters<typeof loadBundle>): Promise<string | undefined> {
  return (await loadBundle(...args)).problem;
}

/**
 * @param isReplacement the version before it serves on meanwhile, and must not be harmed
 * @throws RequestError `overloaded`: it could not be tried
 */
export async function loadBundle(
  sandbox: Sandbox,
  newRunId: () => string,
  { bundle }: Connector,
  isReplacement: boolean,
): Promise<Loaded> {
  for (let attempt = 1; ; attempt++) {
    // A loop is cut off by the clock: on a machine that gives it little of a core, later each time.
    const patient = attempt === 1 ? limits : { ...limits, cpuMs: limits.cpuMs * 2 ** (attempt - 1) };
    const alone = isReplacement || attempt > 1;
    const job = { runId: newRunId(), bundle, integrationId: '', limits: patient, alone };
    const outcome = await sandbox.run(job, nothing);
    if (outcome.status === 'answered') return { sections: JSON.parse(outcome.result) };
    if (outcome.status === 'failed') return { problem: outcome.message || outcome.code };
    const { fault, message } = outcome;
    // A crash may be another's doing as long as others are inside.
    if ((hadNoTime(outcome) || fault === 'sandbox_crashed') && attempt < ATTEMPTS) continue;
    if (hadNoTime(outcome)) {
      throw requestError('overloaded', { message: 'There was no room to try whether the bundle loads.' });
    }
    return { problem: message || fault };
  }
}

function hadNoTime({ fault, spent }: Outcome & { status: 'faulted' }): boolean {
  if (fault === 'overloaded' || fault === 'sandbox_restarted') return true;
  return (fault === 'run_timeout' || fault === 'cpu_limit_exceeded') && spent.cpuMs < LEAST_CPU_MS;
}
