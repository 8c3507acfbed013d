/** A document as rows: one of `integrations`, and one of `parts` for its settings and for each record and state key. */
import { LARGE_BYTES } from '../../json.ts';
import { TimeSlice } from '../../work/time-slice.ts';
import { type Document, headOf, withPartsAsText } from '../document.ts';
import { Part } from '../part.ts';
import { type PartKind, partKinds } from '../part-names.ts';
import { type Reference, referencesIn } from '../references.ts';
import { isRecordKind, type Stored } from '../stored.ts';

/** A record of at least this many characters has its head and references beside it, so that nobody parses it for them. */
const FACTS_CHARS = 16 * 1024;
export const SETTINGS = 'settings';

/** `kind` is null for the integration itself. Numbers are `bigint`, which the driver gives as text. */
export interface DocumentRow {
  readonly integration: string;
  readonly kind: PartKind | typeof SETTINGS | null;
  readonly key: string;
  readonly revision: string;
  /** Null if the part has not changed since the revision that the reader has. */
  readonly text: string | null;
  readonly facts: string | null;
  readonly document_revision: string | null;
  readonly state_writes: string | null;
  readonly bytes: string | null;
}

/** A document with the revision that the database has it at. */
export interface VersionedDocument {
  readonly document: Document;
  /** Grows with each commit, and is the same for no two commits in the database. */
  readonly revision: number;
  /** Of its JSON. */
  readonly bytes: number;
}

interface Facts {
  readonly head: Stored;
  readonly references: readonly Reference[];
}

/** @param known what the reader has: rows without a text are taken from it */
export async function documentOf(rows: readonly DocumentRow[], known?: VersionedDocument): Promise<VersionedDocument> {
  const own = rows.find(({ kind }) => kind === null) as DocumentRow;
  const bytes = Number(own.bytes);
  const isLarge = bytes > LARGE_BYTES;
  const maps = Object.fromEntries(partKinds.map((kind) => [kind, new Map<string, Part<never>>()]));
  let settings: Part<undefined> | undefined;
  const slice = new TimeSlice();
  for (const row of rows) {
    if (slice.isOver) await slice.next();
    const { kind, text } = row;
    if (kind === null) continue;
    const key = keyFrom(row.key);
    if (kind === SETTINGS) settings = text === null ? known?.document.settings : plainPartOf(row, isLarge);
    else {
      const part =
        text === null
          ? known?.document[kind].get(key)
          : isRecordKind(kind)
            ? recordOf(row, isLarge)
            : plainPartOf(row, isLarge);
      maps[kind]?.set(key, part as Part<never>);
    }
  }
  const document = {
    ...maps,
    integration: Part.ofRecord(JSON.parse(own.text as string) as Stored, Number(own.revision)),
    settings,
    stateWrites: Number(own.state_writes),
  } as unknown as Document;
  return { document, revision: Number(own.document_revision), bytes };
}

/** @param isLarge it is held as text */
export function recordOf(
  { text, facts, revision }: Pick<DocumentRow, 'text' | 'facts' | 'revision'>,
  isLarge: boolean,
): Part {
  const json = text as string;
  if (facts !== null) {
    const { head, references } = JSON.parse(facts) as Facts;
    if (isLarge) return Part.ofText({ text: Buffer.from(json), head, references }, Number(revision));
  }
  const record = JSON.parse(json) as Stored;
  if (!isLarge) return Part.ofRecord(record, Number(revision));
  return Part.ofText(
    { text: Buffer.from(json), head: headOf(record), references: referencesIn(record) },
    Number(revision),
  );
}

function plainPartOf({ text, revision }: DocumentRow, isLarge: boolean): Part<undefined> {
  const json = text as string;
  if (isLarge) return Part.ofText({ text: Buffer.from(json), head: undefined }, Number(revision));
  return Part.ofValue(JSON.parse(json), Number(revision));
}

/**
 * Any string may be the key of a state, but PostgreSQL takes no U+0000, and UTF-8 no half of a surrogate pair. A key
 * is stored as within JSON, which for nearly all is the same.
 */
const storedKey = (key: string): string => JSON.stringify(key).slice(1, -1);
const keyFrom = (stored: string): string => (stored.includes('\\') ? (JSON.parse(`"${stored}"`) as string) : stored);

/** How a document is held in memory: as values if it is small, as texts otherwise. */
export const asHeld = ({ document, revision, bytes }: VersionedDocument): VersionedDocument =>
  bytes > LARGE_BYTES ? { document: withPartsAsText(document), revision, bytes } : { document, revision, bytes };

/** A part to write. */
export interface PartChange {
  readonly kind: string;
  readonly key: string;
  /** Null for what is no record. */
  readonly created: string | null;
  readonly revision: number;
  /** Of its text. */
  readonly bytes: number;
  readonly text: Buffer;
  readonly facts: string | null;
}

export interface DocumentChanges {
  /** The integration's own JSON, if it has changed. */
  readonly own: Buffer | undefined;
  readonly written: readonly PartChange[];
  readonly removed: readonly { readonly kind: string; readonly key: string }[];
  /** By how much the document grows. */
  readonly bytes: number;
}

/** What a commit changes. Documents share unchanged parts, so that comparing references is enough. */
export async function changesOf(before: Document | undefined, after: Document): Promise<DocumentChanges> {
  const written: PartChange[] = [];
  const removed: { kind: string; key: string }[] = [];
  let bytes = 0;
  const slice = new TimeSlice();
  const own = after.integration === before?.integration ? undefined : after.integration.text;
  if (own) bytes += own.length - (before?.integration.bytes ?? 0);
  const write = (kind: string, key: string, part: Part<unknown>, old: Part<unknown> | undefined): void => {
    const change = partChangeOf(kind, key, part);
    bytes += change.bytes - (old?.bytes ?? 0);
    written.push(change);
  };
  const remove = (kind: string, key: string, old: Part<unknown>): void => {
    bytes -= old.bytes;
    removed.push({ kind, key: storedKey(key) });
  };
  if (after.settings && after.settings !== before?.settings) write(SETTINGS, '', after.settings, before?.settings);
  else if (before?.settings && !after.settings) remove(SETTINGS, '', before.settings);
  for (const kind of partKinds) {
    const [old, next]: ReadonlyMap<string, Part<unknown>>[] = [before?.[kind] ?? new Map(), after[kind]];
    if (old === next) continue;
    for (const [key, part] of next as ReadonlyMap<string, Part<unknown>>) {
      if (slice.isOver) await slice.next();
      if (old?.get(key) !== part) write(kind, key, part, old?.get(key));
    }
    for (const [key, part] of old as ReadonlyMap<string, Part<unknown>>) if (!next?.has(key)) remove(kind, key, part);
  }
  return { own, written, removed, bytes };
}

function partChangeOf(kind: string, key: string, part: Part<unknown>): PartChange {
  const { text, revision, head } = part;
  const isRecord = head !== undefined;
  const facts: Facts | undefined =
    isRecord && text.length >= FACTS_CHARS ? { head: headOf(head as Stored), references: part.references } : undefined;
  const created = isRecord ? (head as Stored).createdAt : null;
  const bytes = text.length;
  return { kind, key: storedKey(key), created, revision, bytes, text, facts: facts ? JSON.stringify(facts) : null };
}
