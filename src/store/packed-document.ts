/** Packs a document into plain data and byte arrays to transfer it between threads. */
import { bufferOf } from '../work/thread-bytes.ts';
import { TimeSlice } from '../work/time-slice.ts';
import { concatPieces, type Document, headOf } from './document.ts';
import { Part } from './part.ts';
import { type PartKind, partKinds } from './part-names.ts';
import type { Reference } from './references.ts';
import type { Stored } from './stored.ts';

interface PackedPart {
  readonly key: string;
  readonly head?: Stored | undefined;
  readonly references: readonly Reference[];
  readonly revision: number;
  readonly bytes: number;
}

export interface PackedDocument {
  /** The parts' texts, concatenated: integration, settings, records by kind, state. No part spans two arrays. */
  readonly texts: readonly Uint8Array[];
  readonly integration: PackedPart;
  readonly settings: PackedPart | undefined;
  /** JSON of chunks of parts: cloning 20,000 objects in one go would block the event loop for too long. */
  readonly parts: Readonly<Record<PartKind, readonly string[]>>;
  readonly stateWrites: number;
}

/** Size of each array of `texts`, except the last. */
const MIN_TEXT_BYTES = 1024 * 1024;

export function packDocument(document: Document): PackedDocument {
  const texts: Buffer[] = [];
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  const flush = (): void => {
    if (waitingBytes > 0) texts.push(concatPieces(waiting));
    [waiting, waitingBytes] = [[], 0];
  };
  const pack = (part: Part<unknown>, head: Stored | undefined, key = ''): PackedPart => {
    const { text, revision } = part;
    waiting.push(text);
    waitingBytes += text.length;
    if (waitingBytes >= MIN_TEXT_BYTES) flush();
    return { key, head, references: head ? part.references : [], revision, bytes: text.length };
  };
  const integration = pack(document.integration, document.integration.head);
  const settings = document.settings && pack(document.settings, undefined);
  const lists = partKinds.map((kind) => {
    const parts: ReadonlyMap<string, Part<unknown>> = document[kind];
    const packedParts = [...parts].map(([key, part]) =>
      pack(part, part.head === undefined ? undefined : headOf(part.head as Stored), key),
    );
    return [kind, chunksOf(packedParts).map((chunk) => JSON.stringify(chunk))] as const;
  });
  flush();
  return {
    texts,
    integration,
    settings,
    parts: Object.fromEntries(lists) as unknown as PackedDocument['parts'],
    stateWrites: document.stateWrites,
  };
}

export async function unpackDocument(document: PackedDocument): Promise<Document> {
  const { texts, integration, settings, parts, stateWrites } = document;
  const slice = new TimeSlice();
  const remaining = texts.map(bufferOf);
  let offset = 0;
  const unpack = ({ head, references, revision, bytes }: PackedPart): Part<never> => {
    if (offset === remaining[0]?.length) {
      remaining.shift();
      offset = 0;
    }
    offset += bytes;
    const text = (remaining[0] as Buffer).subarray(offset - bytes, offset);
    return Part.ofText({ text, head, references }, revision) as Part<never>;
  };
  const first = unpack(integration);
  const second = settings && unpack(settings);
  const maps = new Map<PartKind, ReadonlyMap<string, Part<never>>>();
  for (const kind of partKinds) {
    const map = new Map<string, Part<never>>();
    for (const chunk of parts[kind]) {
      for (const part of JSON.parse(chunk) as PackedPart[]) map.set(part.key, unpack(part));
      if (slice.isOver) await slice.next();
    }
    maps.set(kind, map);
  }
  return { ...Object.fromEntries(maps), integration: first, settings: second, stateWrites } as unknown as Document;
}

const PARTS_PER_CHUNK = 200;

function chunksOf<T>(items: readonly T[]): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < items.length; at += PARTS_PER_CHUNK) chunks.push(items.slice(at, at + PARTS_PER_CHUNK));
  return chunks;
}
