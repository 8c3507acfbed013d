/** The records of a connector under test: given by the test, or created by the connector through stubs. */
import { isJsonObject, type JsonObject, parseOrUndefined } from '../json.ts';

export interface StubbedRecord extends JsonObject {
  readonly _id: string;
}

const kinds = ['connections', 'exports', 'imports', 'flows'] as const;
export type StubbedKind = (typeof kinds)[number];

/** As stored on a server, each with its `_id`. */
export type StubbedRecords = { readonly [kind in StubbedKind]?: readonly StubbedRecord[] };

/** A request to the application behind a connection. */
export interface ApplicationAddress {
  readonly method: string;
  readonly url: string;
  /** Without the headers for the server. */
  readonly headers: Headers;
}

const PROXY_PATH = /^\/v1\/connections\/([^/?]+)\/proxy(?:\?|$)/;
const KIND_PATH = /^\/v1\/([a-z]+)(?:\?|$)/;
const METHOD = 'integrator-method';
const RELATIVE_URI = 'integrator-relative-uri';
const FOR_THE_SERVER = [METHOD, RELATIVE_URI, 'integrator-templates'];

export const isProxyPath = (url: string): boolean => PROXY_PATH.test(url);

export class StubbedRecordTable {
  readonly #records: Readonly<Record<StubbedKind, StubbedRecord[]>>;

  constructor(given: StubbedRecords) {
    const { connections = [], exports = [], imports = [], flows = [] } = given;
    this.#records = { connections: [...connections], exports: [...exports], imports: [...imports], flows: [...flows] };
  }

  get all(): Required<StubbedRecords> {
    return this.#records;
  }

  find(kind: StubbedKind, id: unknown): StubbedRecord | undefined {
    return this.#records[kind].find(({ _id }) => _id === id);
  }

  /** Adds a record that a stub has answered with its `_id`. */
  noteCreated(method: string, url: string, body: string | null, answer: string): void {
    const kind = kinds.find((each) => each === KIND_PATH.exec(url)?.[1]);
    if (method !== 'POST' || kind === undefined || body === null) return;
    const [sent, answered] = [objectIn(body), objectIn(answer)];
    if (sent && typeof answered?._id === 'string') {
      this.#records[kind].push({ ...sent, ...answered, _id: answered._id });
    }
  }

  /** The request that the server would send for one to a connection's proxy. Undefined for unknown connections. */
  applicationOf(url: string, headers: Headers): ApplicationAddress | undefined {
    const connection = this.find('connections', decodeURIComponent(PROXY_PATH.exec(url)?.[1] ?? ''));
    const base = baseOf(connection);
    if (base === undefined) return undefined;
    const relative = (headers.get(RELATIVE_URI) ?? '').replace(/^\/+/, '');
    const separator = /^(?:[?#]|$)/.test(relative) ? '' : '/';
    const sent = new Headers(headers);
    for (const name of FOR_THE_SERVER) sent.delete(name);
    return {
      method: headers.get(METHOD) ?? 'GET',
      url: new URL(base.replace(/\/+$/, '') + separator + relative).href,
      headers: sent,
    };
  }
}

/** The base URI of an `http` connection, or of one of the older type `rest`. */
function baseOf(connection: StubbedRecord | undefined): string | undefined {
  for (const part of [connection?.http, connection?.rest]) {
    const base = isJsonObject(part) ? part.baseURI : undefined;
    if (typeof base === 'string' && URL.canParse(base)) return base;
  }
  return undefined;
}

function objectIn(text: string): JsonObject | undefined {
  const value = parseOrUndefined(text);
  return isJsonObject(value) ? value : undefined;
}
