/** Applies functions' replies to the steps of an install or uninstall. Pure. */
import type { InstallStep } from '../connector/manifest.ts';
import { fieldErrors } from '../errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';

/** Steps of one integration, and updates in one reply. */
export const STEPS_MAX = 1_000;
/** Values that one reply may set. An update sets its values in every matching step. */
const SET_VALUES = 100_000;

const invalid = (field: string, message: string): Error => fieldErrors([{ code: 'invalid_field', field, message }]);

/**
 * Merges `stepsToUpdate` of a reply into the steps with the same function, or else the same name.
 *
 * @throws RequestError `invalid_field` if the reply asks for too much
 */
export function mergeSteps(steps: readonly InstallStep[], updates: Json | undefined): readonly InstallStep[] {
  if (!Array.isArray(updates)) return steps;
  if (updates.length > STEPS_MAX) {
    throw invalid('stepsToUpdate', `stepsToUpdate has more than ${STEPS_MAX} updates`);
  }
  const merge = new StepMerge(steps);
  for (const update of updates) if (isJsonObject(update)) merge.apply(update);
  return merge.result() as readonly InstallStep[];
}

/** Finds steps by function and name. Copies each step once, however many updates it gets. */
class StepMerge {
  readonly #steps: readonly JsonObject[];
  readonly #byFunction = new Map<Json | undefined, Set<number>>();
  readonly #byName = new Map<Json | undefined, Set<number>>();
  /** Changed steps. Maps, in which `__proto__` is an ordinary key. */
  readonly #changed = new Map<number, Map<string, Json>>();
  #setValues = 0;

  constructor(steps: readonly JsonObject[]) {
    this.#steps = steps;
    for (const [index, { installerFunction, name }] of steps.entries()) {
      addToIndex(this.#byFunction, installerFunction, index);
      addToIndex(this.#byName, name, index);
    }
  }

  apply(update: JsonObject): void {
    const { installerFunction, name } = update;
    const matching = installerFunction === undefined ? this.#byName.get(name) : this.#byFunction.get(installerFunction);
    if (!matching) return;
    const entries = Object.entries(update);
    this.#setValues += matching.size * entries.length;
    if (this.#setValues > SET_VALUES) {
      throw invalid('stepsToUpdate', `stepsToUpdate sets more than ${SET_VALUES} values of steps`);
    }
    for (const index of matching) {
      const step = this.#changedStep(index);
      if (name !== undefined && step.get('name') !== name) {
        this.#byName.get(step.get('name'))?.delete(index);
        addToIndex(this.#byName, name, index);
      }
      for (const [key, value] of entries) step.set(key, value);
    }
  }

  result(): readonly JsonObject[] {
    return this.#steps.map((step, index) => {
      const changed = this.#changed.get(index);
      return changed ? Object.fromEntries(changed) : step;
    });
  }

  #changedStep(index: number): Map<string, Json> {
    let step = this.#changed.get(index);
    if (!step) {
      step = new Map(Object.entries(this.#steps[index] as JsonObject));
      this.#changed.set(index, step);
    }
    return step;
  }
}

function addToIndex(index: Map<Json | undefined, Set<number>>, key: Json | undefined, at: number): void {
  const present = index.get(key);
  if (present) present.add(at);
  else index.set(key, new Set([at]));
}

/** The steps that a pre-uninstall function returned. @throws RequestError `invalid_field` for too many */
export function uninstallSteps(reply: readonly Json[]): readonly JsonObject[] {
  if (reply.length > STEPS_MAX) throw invalid('uninstall', `the function returned more than ${STEPS_MAX} steps`);
  return reply.filter(isJsonObject);
}

/** Marks the steps of a function as completed. */
export function completeSteps<T extends JsonObject>(
  steps: readonly T[],
  field: 'installerFunction' | 'uninstallerFunction',
  functionName: string,
): readonly T[] {
  return steps.map((step) => (step[field] === functionName ? { ...step, completed: true } : step));
}

export const isSuccess = (reply: Json): reply is JsonObject => isJsonObject(reply) && reply.success === true;
