/** Whether a bundle loads: found out where its code belongs, in its compartment, calling nothing. */

import { Compile } from '#typebox';
import { type Ask, BundleReport, defaultLimits, type Outcome, type Sandbox } from '../../sandbox/index.ts';
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
  | { readonly problem: string; readonly sections?: never; readonly warning?: never }
  | {
      readonly problem?: never;
      /** Names of the functions, by section. */
      readonly sections: Readonly<Record<string, readonly string[]>>;
      /** What is exported and cannot be called. */
      readonly warning?: string | undefined;
    };

/** Resolves to why the bundle does not load, or to nothing; see `loadBundle`. */
export async function loadProblem(...args: Parameters<typeof loadBundle>): Promise<string | undefined> {
  return (await loadBundle(...args)).problem;
}

const validReport = Compile(BundleReport);
/** Of names in a sentence. */
const NAMES = 5;
const NAME_CHARS = 60;
const SECTIONS = 'installer, uninstaller, settings, utilities, hooks, wrappers';

/**
 * @param isReplacement the version before it serves on meanwhile, and must not be harmed
 * @throws RequestError `overloaded`: it could not be tried
 */
export async function loadBundle(
  sandbox: Sandbox,
  newRunId: () => string,
  { bundle, manifest }: Connector,
  isReplacement: boolean,
): Promise<Loaded> {
  for (let attempt = 1; ; attempt++) {
    // A loop is cut off by the clock: on a machine that gives it little of a core, later each time.
    const patient = attempt === 1 ? limits : { ...limits, cpuMs: limits.cpuMs * 2 ** (attempt - 1) };
    const inOwnProcess = isReplacement || attempt > 1;
    const job = { runId: newRunId(), bundle, integrationId: '', limits: patient, inOwnProcess };
    const outcome = await sandbox.run(job, nothing);
    if (outcome.status === 'answered') return loadedOf(JSON.parse(outcome.result), manifest?.connector.diy === true);
    if (outcome.status === 'failed') return { problem: outcome.message || outcome.code };
    const { fault, message } = outcome;
    // A crash may be another's doing as long as others are inside.
    if ((hadNoTime(outcome) || fault === 'sandbox_crashed') && attempt < ATTEMPTS) continue;
    if (hadNoTime(outcome)) {
      const why = message || 'There was no room for it.';
      throw requestError('overloaded', { message: `The bundle could not be tried, and will be again. ${why}` });
    }
    return { problem: message || fault };
  }
}

/** @param takesLoose functions without sections are called as a stack of the original calls them */
function loadedOf(report: unknown, takesLoose: boolean): Loaded {
  if (!validReport.Check(report)) return { problem: 'what it exports cannot be listed' };
  const { sections, loose, outOfReach } = report;
  if (loose.length > 0 && !takesLoose) {
    return { problem: `its functions must stand in sections (${SECTIONS}), and these do not: ${listed(loose)}` };
  }
  if (outOfReach.length === 0) return { sections };
  return { sections, warning: `it exports what no call can reach, beside its sections: ${listed(outOfReach)}` };
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMES).map((name) => name.slice(0, NAME_CHARS));
  return shown.join(', ') + (names.length > NAMES ? ` and ${names.length - NAMES} more` : '');
}

function hadNoTime({ fault, usage }: Outcome & { status: 'faulted' }): boolean {
  if (fault === 'overloaded' || fault === 'sandbox_restarted') return true;
  return (fault === 'run_timeout' || fault === 'cpu_limit_exceeded') && usage.cpuMs < LEAST_CPU_MS;
}
