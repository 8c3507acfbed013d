/** Lookups of an import: static ones are maps, dynamic ones ask the application. */
import { isSuccess, problemIn, send } from './application.ts';
import { PageError, RecordProblem, shorten } from './errors.ts';
import { connectionOf, type FlowRun, settingsOf } from './flow-run.ts';
import type { FlowRecord } from './interface.ts';
import { asText, at, isEmpty, isObject, type JsonObject, listAt, textAt } from './json.ts';
import { parseBody } from './media.ts';
import { inParallel } from './parallel.ts';
import { parsePath, readPath } from './path.ts';
import { buildRequest, requestMediaType } from './request-template.ts';

/** Dynamic lookups of one record, by name. */
export type LookedUp = ReadonlyMap<string, unknown>;

const LOOKUPS = 100;
const CACHED = 5_000;
const AT_ONCE = 10;
const NOT_FOUND = 404;

const SOURCE = 'lookup';
/** Code of a lookup without a result. To the question whether a record exists, that means no. */
export const NOTHING_FOUND = 'lookup_found_nothing';

export class Lookups {
  readonly #run: FlowRun;
  readonly #import: FlowRecord;
  readonly #byName = new Map<string, JsonObject>();
  /** Answers to this page's requests. */
  readonly #answers = new Map<string, Promise<unknown>>();

  constructor(run: FlowRun, record: FlowRecord) {
    this.#run = run;
    this.#import = record;
    const lists = [at(record, 'lookups'), at(record, 'http.lookups'), at(record, 'wrapper.lookups')];
    const all = (lists.find((list) => Array.isArray(list) && list.length > 0) ?? []) as readonly unknown[];
    if (all.length > LOOKUPS) throw new PageError('mapping_invalid', `more than ${LOOKUPS} lookups`);
    for (const lookup of all) {
      const name = textAt(lookup, 'name');
      if (isObject(lookup) && name !== undefined) this.#byName.set(name, lookup);
    }
  }

  /** @throws PageError `mapping_invalid` */
  #named(name: string): JsonObject {
    const lookup = this.#byName.get(name);
    if (!lookup) throw new PageError('mapping_invalid', `there is no lookup ${shorten(name, 100)}`);
    return lookup;
  }

  isStatic(name: string): boolean {
    return isObject(this.#named(name).map);
  }

  /** For templates. */
  get maps(): JsonObject {
    return Object.fromEntries([...this.#byName].filter(([, lookup]) => isObject(lookup.map)));
  }

  /** Returns a RecordProblem if the map lacks the key and there is no default. */
  inMap(name: string, key: unknown): unknown {
    const lookup = this.#named(name);
    const map = lookup.map as JsonObject;
    const text = asText(key);
    return orDefault(
      lookup,
      Object.hasOwn(map, text) ? map[text] : undefined,
      `has no entry for ${shorten(text, 100)}`,
    );
  }

  /** Runs dynamic lookups for many records. A failed lookup has a RecordProblem as its value. */
  resolve(names: readonly string[], records: readonly unknown[]): Promise<LookedUp[]> {
    const dynamic = [...new Set(names)].filter((name) => !this.isStatic(name));
    if (dynamic.length === 0) return Promise.resolve(records.map(() => new Map()));
    return inParallel(records, AT_ONCE, async (record) => {
      const values = new Map<string, unknown>();
      for (const name of dynamic) values.set(name, await this.#ask(name, record));
      return values;
    });
  }

  async #ask(name: string, record: unknown): Promise<unknown> {
    const lookup = this.#named(name);
    try {
      return orDefault(lookup, await this.#answer(lookup, record), 'found nothing');
    } catch (error) {
      if (error instanceof RecordProblem) return error;
      if (error instanceof PageError && error.code === 'template_invalid') {
        return new RecordProblem(error.code, error.message, { source: SOURCE });
      }
      throw error;
    }
  }

  #answer(lookup: JsonObject, record: unknown): Promise<unknown> {
    const connection = connectionOf(this.#run, this.#import);
    if (!connection) throw new PageError('unsupported', 'a lookup needs a connection');
    const settings = settingsOf(this.#run, this.#import, 'import');
    const context = { record, data: [record], import: this.#import, settings };
    const template = {
      relativeURI: asText(lookup.relativeURI),
      method: textAt(lookup, 'method') ?? 'GET',
      headers: listAt(lookup, 'headers'),
      body: lookup.body ?? lookup.postBody,
      mediaType: requestMediaType(this.#import, connection),
    };
    const request = buildRequest(connection, template, { address: context, body: context });
    const extract = textAt(lookup, 'extract');
    const key = JSON.stringify([request.method, request.relativeURI, request.body, extract]);
    const known = this.#answers.get(key);
    if (known) return known;
    const asked = send(this.#run, request).then((answer) => {
      if (answer.status === NOT_FOUND) return undefined;
      if (!isSuccess(answer)) {
        const message = `lookup ${lookup.name}: ${problemIn(answer, undefined, undefined)}`;
        throw new RecordProblem('lookup_failed', message, { source: SOURCE, statusCode: answer.status });
      }
      const body = parseBody(answer, undefined);
      return extract === undefined ? body : readPath(body, parsePath(extract));
    });
    if (this.#answers.size >= CACHED) this.#answers.clear();
    this.#answers.set(key, asked);
    return asked;
  }
}

/** The value, the default, or a RecordProblem. */
function orDefault(lookup: JsonObject, value: unknown, problem: string): unknown {
  if (!isEmpty(value) && !(Array.isArray(value) && value.length === 0)) return value;
  if (lookup.default !== undefined && lookup.default !== null) return lookup.default;
  if (lookup.allowFailures === true) return null;
  return new RecordProblem(NOTHING_FOUND, `lookup ${lookup.name} ${problem}`, { source: SOURCE });
}
