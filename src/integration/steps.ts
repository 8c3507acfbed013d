/** Steps of an installation or a removal, as the replies of their functions change them. Pure. */
import type { InstallStep } from '../connector/manifest.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';

type Step = JsonObject;

/** Merges steps that a reply names into those with the same function, or else the same name. */
export function mergeSteps(steps: readonly InstallStep[], updates: Json | undefined): readonly InstallStep[] {
  if (!Array.isArray(updates)) return steps;
  let merged: readonly Step[] = steps as readonly Step[];
  for (const update of updates.filter(isJsonObject)) {
    const matches = (step: Step): boolean =>
      update.installerFunction === undefined
        ? step.name === update.name
        : step.installerFunction === update.installerFunction;
    merged = merged.map((step) => (matches(step) ? { ...step, ...update } : step));
  }
  return merged as readonly Step[] as readonly InstallStep[];
}

/** Completes the steps whose function has succeeded. */
export function completeSteps<T extends JsonObject>(
  steps: readonly T[],
  field: 'installerFunction' | 'uninstallerFunction',
  functionName: string,
): readonly T[] {
  return steps.map((step) => (step[field] === functionName ? { ...step, completed: true } : step));
}

export const succeeded = (reply: Json): reply is JsonObject => isJsonObject(reply) && reply.success === true;
