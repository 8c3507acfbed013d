/** Decides whether a record is created, updated or ignored, by whether the application already has it. */
import { RecordProblem } from './errors.ts';
import type { FlowRecord } from './interface.ts';
import { asText, at, isEmpty, textAt } from './json.ts';
import { type LookedUp, type Lookups, NOTHING_FOUND } from './lookups.ts';
import type { Operation } from './mapping.ts';
import { parsePath, readPath } from './path.ts';

export interface ExistingRule {
  /** Names of the lookups that `decide` needs. */
  readonly lookupNames: readonly string[];
  /** @throws RecordProblem if the lookup failed */
  decide(record: unknown, lookedUp: LookedUp): Operation | 'ignore';
}

/** Older imports have these settings beside `http`, newer ones inside it. */
const settingOf = (record: FlowRecord, name: string): string | undefined =>
  textAt(record, `http.${name}`) ?? textAt(record, name);

export function existingRule(record: FlowRecord, lookups: Lookups): ExistingRule {
  const existingExtract = settingOf(record, 'existingExtract');
  const existingLookup = settingOf(record, 'existingLookupName');
  const ignoreExtract = settingOf(record, 'ignoreExtract') ?? existingExtract;
  const ignoreLookup = settingOf(record, 'ignoreLookupName') ?? existingLookup;
  const isSet = (name: string): boolean => record[name] === true || at(record, `http.${name}`) === true;
  const ignoresExisting = isSet('ignoreExisting');
  const ignoresMissing = isSet('ignoreMissing');
  const types = [at(record, 'http.requestType')].flat().map((type) => asText(type).toLowerCase());
  const isUpdateOnly = types.includes('update') && !types.includes('create');

  const exists = (
    source: unknown,
    lookedUp: LookedUp,
    extract: string | undefined,
    lookup: string | undefined,
  ): boolean => {
    const value = extract === undefined ? undefined : readPath(source, parsePath(extract));
    if (lookup === undefined) return !isEmpty(value);
    const found = lookups.isStatic(lookup) ? lookups.inMap(lookup, value) : lookedUp.get(lookup);
    if (found instanceof RecordProblem) {
      if (found.code === NOTHING_FOUND) return false;
      throw found;
    }
    return !isEmpty(found);
  };
  return {
    lookupNames: [...(existingLookup ? [existingLookup] : []), ...(ignoreLookup ? [ignoreLookup] : [])],
    decide(source, lookedUp) {
      if (ignoresExisting || ignoresMissing) {
        const isThere = exists(source, lookedUp, ignoreExtract, ignoreLookup);
        if (isThere ? ignoresExisting : ignoresMissing) return 'ignore';
      }
      if (isUpdateOnly) return 'update';
      return exists(source, lookedUp, existingExtract, existingLookup) ? 'update' : 'create';
    },
  };
}
