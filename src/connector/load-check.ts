/** Whether a bundle loads: found out where its code belongs, in its compartment, calling nothing. */
import { type Ask, defaultLimits, type Sandbox } from '../../sandbox/index.ts';
import type { Connector } from './bundle.ts';

/** A manifest's limits are for its functions; loading has these. */
const limits = Object.freeze({ ...defaultLimits, timeoutMs: 5_000, cpuMs: 1_500 });

const refusal = JSON.stringify({
  error: { code: 'permission_denied', message: 'Nothing can be asked for while a bundle loads.' },
});
const nothing: Ask = { fetch: async () => refusal, progress: async () => refusal, log: () => {} };

/** What says nothing of the bundle. */
const NO_VERDICT = ['sandbox_restarted', 'overloaded', 'sandbox_crashed'];
const ATTEMPTS = 3;

export type Loaded =
  | { readonly problem: string; readonly sections?: never }
  /** Names of the functions, by section. */
  | { readonly problem?: never; readonly sections: Readonly<Record<string, readonly string[]>> };

/** Resolves to why the bundle does not load, or to nothing; see `loadBundle`. */
export async function loadProblem(...args: Parameters<typeof loadBundle>): Promise<string | undefined> {
  return (await loadBundle(...args)).problem;
}

/** @param isReplacement the version before it serves on meanwhile, and must not be harmed */
export async function loadBundle(
  sandbox: Sandbox,
  newRunId: () => string,
  { bundle }: Connector,
  isReplacement: boolean,
): Promise<Loaded> {
  for (let attempt = 1; ; attempt++) {
    const job = { runId: newRunId(), bundle, integrationId: '', limits, alone: isReplacement || attempt > 1 };
    const outcome = await sandbox.run(job, nothing);
    if (outcome.status === 'answered') return { sections: JSON.parse(outcome.result) };
    const isVerdict = outcome.status === 'failed' || !NO_VERDICT.includes(outcome.fault);
    if (!isVerdict && attempt < ATTEMPTS) continue;
    return { problem: outcome.message || (outcome.status === 'faulted' ? outcome.fault : outcome.code) };
  }
}
