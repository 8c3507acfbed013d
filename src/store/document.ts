/** A document in memory: an integration with its settings, records and state, as parts. Immutable. */
import { type Json, type JsonObject, LARGE_BYTES } from '../json.ts';
import { Part } from './part.ts';
import { keyOf, nameOf, STATE, type UnversionedKind, unversionedKinds } from './part-names.ts';
import { type DocumentJson, FORMAT, perRecordKind, type RecordKind, recordKinds, type Stored } from './stored.ts';

export type RecordParts = ReadonlyMap<string, Part>;
/** Parts without a head: neither lists nor look-ups read them. */
export type PlainParts = ReadonlyMap<string, Part<undefined>>;

export interface Document extends Readonly<Record<RecordKind, RecordParts>> {
  /** Without its settings. */
  readonly integration: Part;
  /** Apart, because they may be large and most reads do not need them. */
  readonly settings: Part<undefined> | undefined;
  /** Sealed OAuth tokens, by the id of their connection. */
  readonly tokens: PlainParts;
  /** Progress of the flow's job and of its deltas, by flow id (contract 16). */
  readonly checkpoints: PlainParts;
  readonly state: PlainParts;
  /** Total writes to `state`. State revisions come from it, so that a key removed and set again gets a new one. */
  readonly stateWrites: number;
}

const STATE_WRITES = 'state';

/** The fields that lists and look-ups read, kept for records whose body is only text. */
const HEAD_FIELDS = [
  '_id',
  'createdAt',
  'lastModified',
  '_integrationId',
  '_connectorId',
  'name',
  'type',
  'externalId',
  'offline',
] as const;
const HEAD_CHARS = 500;

export function headOf(record: Json): Stored {
  const fields = HEAD_FIELDS.flatMap((name): [string, Json][] => {
    const value = (record as JsonObject)[name];
    return value === undefined || (typeof value === 'string' && value.length > HEAD_CHARS) ? [] : [[name, value]];
  });
  return Object.fromEntries(fields) as Stored;
}

const noHead = (): undefined => undefined;

/** For a small document, or one whose JSON is parsed already. */
export function documentFrom(json: DocumentJson): Document {
  const { integration, revisions, tokens = {}, checkpoints = {}, state } = json;
  const { settings, ...rest } = integration;
  // A record that somebody put into the file by hand has no revision.
  const revisionOf = (id: string): number => revisions[id] ?? 0;
  const records = (kind: RecordKind): RecordParts =>
    new Map(Object.entries(json[kind]).map(([id, record]) => [id, Part.ofRecord(record, revisionOf(id))]));
  const stateRevision = (key: string): number => revisionOf(nameOf('state', key));
  return {
    integration: Part.ofRecord(rest as Stored, revisionOf(integration._id)),
    settings: settings === undefined ? undefined : Part.ofValue(settings),
    ...perRecordKind(records),
    tokens: plainParts(tokens),
    checkpoints: plainParts(checkpoints),
    state: new Map(Object.entries(state).map(([key, value]) => [key, Part.ofValue(value, stateRevision(key))])),
    stateWrites:
      revisions[STATE_WRITES] ?? Object.keys(state).reduce((most, key) => Math.max(most, stateRevision(key)), 0),
  };
}

const plainParts = (values: Readonly<Record<string, Json>>): PlainParts =>
  new Map(Object.entries(values).map(([key, value]) => [key, Part.ofValue(value)]));

export function emptyDocument(integration: Part): Document {
  // A separate map for each kind, because units of work change them in place.
  const records = perRecordKind(() => new Map());
  return { integration, settings: undefined, ...records, ...emptyParts(), state: new Map(), stateWrites: 0 };
}

const emptyParts = (): Pick<Document, UnversionedKind> => ({ tokens: new Map(), checkpoints: new Map() });

/** The tokens of connections, and checkpoints of flows, that still exist. */
export function partsOfPresent({ connections, tokens, flows, checkpoints }: Document): Pick<Document, UnversionedKind> {
  return { tokens: ofPresent(connections, tokens), checkpoints: ofPresent(flows, checkpoints) };
}

function ofPresent(records: RecordParts, parts: PlainParts): PlainParts {
  const isGone = (id: string): boolean => !records.has(id);
  if (![...parts.keys()].some(isGone)) return parts;
  return new Map([...parts].filter(([id]) => !isGone(id)));
}

/** How a document is held in memory: a small one as UTF-8 JSON, a large one as parts that hold text. */
export type Content = Buffer | Document;

/** @param wasLarge lets a document that stays large skip the serialization that would measure it */
export function contentOf(document: Document, wasLarge: boolean): Content {
  if (wasLarge ? bytesOf(document) > LARGE_BYTES / 2 : knownBytesOf(document) > LARGE_BYTES)
    return withPartsAsText(document);
  const text = concatPieces(textOf(document));
  return text.length > LARGE_BYTES ? withPartsAsText(document) : text;
}

/** Converts every part to text except the integration itself, which is small and read all the time. */
export function withPartsAsText(document: Document): Document {
  return {
    ...document,
    settings: document.settings?.asText(noHead),
    ...perRecordKind((kind) => partsAsText(document[kind], headOf)),
    tokens: partsAsText(document.tokens, noHead),
    checkpoints: partsAsText(document.checkpoints, noHead),
    state: partsAsText(document.state, noHead),
  };
}

function partsAsText<Head>(
  parts: ReadonlyMap<string, Part<Head>>,
  head: (value: Json) => Head,
): ReadonlyMap<string, Part<Head>> {
  let copy: Map<string, Part<Head>> | undefined;
  for (const [key, part] of parts) {
    const text = part.asText(head);
    if (text === part) continue;
    copy ??= new Map(parts);
    copy.set(key, text);
  }
  return copy ?? parts;
}

/** The document's JSON, piece by piece. */
export function* textOf(document: Document): Generator<string | Buffer> {
  yield `{"format":${FORMAT},"integration":`;
  yield* integrationText(document);
  yield `,"revisions":${JSON.stringify(revisionsOf(document))}`;
  for (const kind of recordKinds) {
    yield `,${JSON.stringify(kind)}:`;
    yield* membersOf(document[kind]);
  }
  for (const kind of unversionedKinds) {
    if (document[kind].size === 0) continue;
    yield `,"${kind}":`;
    yield* membersOf(document[kind]);
  }
  yield ',"state":';
  yield* membersOf(document.state);
  yield '}';
}

/** The integration's own JSON, settings included. */
export function* integrationText({
  integration,
  settings,
}: Pick<Document, 'integration' | 'settings'>): Generator<string | Buffer> {
  const { json } = integration;
  if (!settings) return yield json;
  yield typeof json === 'string' ? json.slice(0, -1) : json.subarray(0, -1);
  yield ',"settings":';
  yield settings.json;
  yield '}';
}

export function* membersOf(parts: ReadonlyMap<string, Part<unknown>>): Generator<string | Buffer> {
  let separator = '{';
  for (const [key, part] of parts) {
    yield `${separator}${JSON.stringify(key)}:`;
    yield part.json;
    separator = ',';
  }
  yield separator === '{' ? '{}' : '}';
}

function revisionsOf(document: Document): Record<string, number> {
  const entries: [string, number][] = [[document.integration.head._id, document.integration.revision]];
  for (const kind of recordKinds) for (const [id, { revision }] of document[kind]) entries.push([id, revision]);
  for (const [key, { revision }] of document.state) entries.push([nameOf('state', key), revision]);
  if (document.stateWrites > 0) entries.push([STATE_WRITES, document.stateWrites]);
  return Object.fromEntries(entries.filter(([, revision]) => revision > 0));
}

/** @param name a record id, or a state key with the `STATE` prefix. @returns 0 if the document has no such part */
export function revisionIn(document: Document | undefined, name: string): number {
  if (!document) return 0;
  if (document.integration.head._id === name) return document.integration.revision;
  if (name.startsWith(STATE)) return document.state.get(name.slice(STATE.length))?.revision ?? 0;
  for (const kind of recordKinds) {
    const part = document[kind].get(name);
    if (part) return part.revision;
  }
  return 0;
}

/** Whether a part without a revision differs. @param name of a part of any kind */
export function isUnversionedChanged(current: Document | undefined, base: Document | undefined, name: string): boolean {
  return unversionedKinds.some((kind) => {
    const key = keyOf(kind, name);
    if (key === undefined) return false;
    const [now, before] = [current?.[kind].get(key), base?.[kind].get(key)];
    return now !== before && !(now && before && now.text.equals(before.text));
  });
}

/** UTF-8 bytes of all parts, without names and braces. */
export function bytesOf(document: Document | undefined): number {
  let bytes = 0;
  if (document) for (const part of partsOf(document)) bytes += part.bytes;
  return bytes;
}

/** The same, counting only parts that hold text: free. */
function knownBytesOf(document: Document): number {
  let bytes = 0;
  for (const part of partsOf(document)) bytes += part.knownBytes;
  return bytes;
}

function* partsOf(document: Document): Generator<Part<unknown>> {
  yield document.integration;
  if (document.settings) yield document.settings;
  for (const kind of recordKinds) yield* document[kind].values();
  for (const kind of unversionedKinds) yield* document[kind].values();
  yield* document.state.values();
}

/** The ids of a document's records, of every kind. */
export function recordIdsOf(document: Document | undefined): string[] {
  return document ? recordKinds.flatMap((kind) => [...document[kind].keys()]) : [];
}

/** Allocates outside Node's buffer pool: a small buffer would keep the whole pool slab alive. */
export function concatPieces(pieces: Iterable<string | Buffer>): Buffer {
  const merged: (string | Buffer)[] = [];
  let text = '';
  for (const piece of pieces) {
    if (typeof piece === 'string') text += piece;
    else {
      merged.push(text, piece);
      text = '';
    }
  }
  merged.push(text);
  const bytes = Buffer.allocUnsafeSlow(merged.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0));
  let offset = 0;
  for (const piece of merged) {
    offset += typeof piece === 'string' ? bytes.write(piece, offset) : piece.copy(bytes, offset);
  }
  return bytes;
}

const MIN_CHUNK_CHARS = 256 * 1024;
const MAX_COPIED_BYTES = 16 * 1024;

/** Joins small pieces into chunks, to save a write call per part. Large pieces pass uncopied. */
export function* inChunks(pieces: Iterable<string | Buffer>): Generator<Buffer> {
  let pending: (string | Buffer)[] = [];
  let chars = 0;
  for (const piece of pieces) {
    const isLarge = typeof piece !== 'string' && piece.length > MAX_COPIED_BYTES;
    if (!isLarge) {
      pending.push(piece);
      chars += piece.length;
      if (chars < MIN_CHUNK_CHARS) continue;
    }
    if (chars > 0) yield concatPieces(pending);
    if (isLarge) yield piece;
    [pending, chars] = [[], 0];
  }
  if (chars > 0) yield concatPieces(pending);
}
