/** Checks whether a bundle loads, in its own compartment and without calling its functions. */

import { Compile } from '#typebox';
import {
  BundleReport,
  defaultLimits,
  type Fault,
  fixedAsk,
  type Outcome,
  type Sandbox,
  sections,
} from '../../sandbox/index.ts';
import { didYouMean } from '../did-you-mean.ts';
import { requestError } from '../errors.ts';
import type { Connector } from './bundle.ts';

/**
 * Limits for loading; the manifest's limits are for calls. Loading code waits for nothing, so most of the wall
 * time is for starting the process on a busy machine.
 */
const limits = Object.freeze({ ...defaultLimits, timeoutMs: 15_000, cpuMs: 1_500 });

/** A bundle's top level is to define functions. What takes long belongs into them. */
const HINT = 'move that into a function';
const count = (amount: number): string => amount.toLocaleString('en-US');
const loadFaults: { readonly [fault in Fault]?: string } = {
  run_timeout: `its top level has not finished after ${count(limits.timeoutMs)} ms; ${HINT}`,
  cpu_limit_exceeded: `its top level takes more than ${count(limits.cpuMs)} ms of CPU time; ${HINT}`,
  memory_limit_exceeded: `its top level takes more than ${limits.memoryMb} MiB of memory; ${HINT}`,
  sandbox_crashed: `its top level crashes its process; ${HINT}`,
};

const refuseAll = fixedAsk(
  JSON.stringify({ error: { code: 'permission_denied', message: 'A bundle cannot make requests while it loads.' } }),
);

const MAX_ATTEMPTS = 3;
/** A timeout after less CPU time than this says nothing about the code. */
const MIN_CPU_MS = limits.cpuMs / 2;

export type LoadResult =
  | { readonly problem: string; readonly sections?: never; readonly isFlat?: never; readonly warning?: never }
  | {
      readonly problem?: never;
      /** Names of the functions, by section. */
      readonly sections: Readonly<Record<string, readonly string[]>>;
      /** There are functions, and no section. */
      readonly isFlat?: true;
      /** Names exports that cannot be called. */
      readonly warning?: string | undefined;
    };

/** Why the bundle does not load; undefined if it does. See `loadBundle`. */
export async function loadProblem(...args: Parameters<typeof loadBundle>): Promise<string | undefined> {
  return (await loadBundle(...args)).problem;
}

const validReport = Compile(BundleReport);
/** Names listed in a message. */
const MAX_LISTED_NAMES = 5;
const MAX_NAME_CHARS = 60;

/**
 * @param isReplacement load in a process of its own, so that the version being served is not harmed
 * @throws RequestError `overloaded` if the machine was too busy to check
 */
export async function loadBundle(
  sandbox: Sandbox,
  newRunId: () => string,
  { bundle, manifest }: Connector,
  isReplacement: boolean,
): Promise<LoadResult> {
  for (let attempt = 1; ; attempt++) {
    // Endless loops are cut off by wall time, and a busy machine gives them little CPU: allow more on each attempt.
    const attemptLimits = attempt === 1 ? limits : { ...limits, cpuMs: limits.cpuMs * 2 ** (attempt - 1) };
    const inOwnProcess = isReplacement || attempt > 1;
    const job = { runId: newRunId(), bundle, integrationId: '', limits: attemptLimits, inOwnProcess };
    const outcome = await sandbox.run(job, refuseAll);
    if (outcome.status === 'answered') return loadResult(JSON.parse(outcome.result), manifest?.connector.diy === true);
    if (outcome.status === 'failed') return { problem: outcome.message || outcome.code };
    const { fault, message } = outcome;
    // Another connector in the same process may have caused the crash.
    if ((wasStarved(outcome) || fault === 'sandbox_crashed') && attempt < MAX_ATTEMPTS) continue;
    if (wasStarved(outcome)) {
      const why = message || 'The machine is too busy.';
      throw requestError('overloaded', { message: `The bundle could not be checked and will be retried. ${why}` });
    }
    return { problem: message || loadFaults[fault] || fault };
  }
}

/** @param allowsLoose functions outside sections are allowed, as in stacks of the original platform */
function loadResult(report: unknown, allowsLoose: boolean): LoadResult {
  if (!validReport.Check(report)) return { problem: 'its exports cannot be listed' };
  const { loose, outOfReach } = report;
  if (loose.length > 0 && !allowsLoose) {
    return {
      problem: `functions must be in sections (${sections.join(', ')}), but these are not: ${formatNames(loose)}`,
    };
  }
  const warnings = [
    ...(outOfReach.length === 0 ? [] : [`these exports cannot be called: ${formatNames(outOfReach)}`]),
    ...misspeltSections(report),
  ];
  return {
    sections: report.sections,
    ...(loose.length > 0 ? { isFlat: true as const } : {}),
    ...(warnings.length > 0 ? { warning: warnings.join('; ') } : {}),
  };
}

/** Exported objects that are no sections are helpers, unless they are named nearly like a section that is missing. */
function misspeltSections({ otherObjects, sections: found }: BundleReport): string[] {
  const missing = sections.filter((name) => !Object.hasOwn(found, name));
  return otherObjects.flatMap((name) => {
    const hint = didYouMean(name, missing);
    return hint === '' ? [] : [`${name.slice(0, MAX_NAME_CHARS)} is not a section${hint}`];
  });
}

function formatNames(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED_NAMES).map((name) => name.slice(0, MAX_NAME_CHARS));
  return shown.join(', ') + (names.length > MAX_LISTED_NAMES ? ` and ${names.length - MAX_LISTED_NAMES} more` : '');
}

function wasStarved({ fault, usage }: Outcome & { status: 'faulted' }): boolean {
  if (fault === 'overloaded' || fault === 'sandbox_restarted') return true;
  return (fault === 'run_timeout' || fault === 'cpu_limit_exceeded') && usage.cpuMs < MIN_CPU_MS;
}
