/** A document as plain data and one text, for its way between threads. */

import { TimeSlice } from '../work/time-slice.ts';
import { type Document, type PartKind, partKinds } from './document.ts';
import { Part } from './part.ts';
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
  /** The parts' texts one after the other: integration, settings, records by kind, state. */
  readonly text: Buffer;
  readonly integration: PackedPart;
  readonly settings: PackedPart | undefined;
  /** JSON of some parts each: to copy twenty thousand objects takes longer than others may wait. */
  readonly parts: Readonly<Record<PartKind, readonly string[]>>;
  readonly stateWrites: number;
}

export function packed(document: Document): PackedDocument {
  const texts: Buffer[] = [];
  const pack = (part: Part<unknown>, key = ''): PackedPart => {
    const { text, revision } = part;
    const head = part.head as Stored | undefined;
    texts.push(text);
    return { key, head, references: head ? part.references : [], revision, bytes: text.length };
  };
  const integration = pack(document.integration);
  const settings = document.settings && pack(document.settings);
  const lists = partKinds.map((kind) => {
    const parts: ReadonlyMap<string, Part<unknown>> = document[kind];
    const packedParts = [...parts].map(([key, part]) => pack(part, key));
    return [kind, chunksOf(packedParts).map((chunk) => JSON.stringify(chunk))] as const;
  });
  return {
    text: Buffer.concat(texts),
    integration,
    settings,
    parts: Object.fromEntries(lists) as unknown as PackedDocument['parts'],
    stateWrites: document.stateWrites,
  };
}

export async function unpacked(document: PackedDocument): Promise<Document> {
  const { text, integration, settings, parts, stateWrites } = document;
  const slice = new TimeSlice();
  let offset = 0;
  const unpack = ({ head, references, revision, bytes }: PackedPart): Part<never> => {
    offset += bytes;
    const piece = text.subarray(offset - bytes, offset);
    return Part.ofText({ text: piece, head, references }, revision) as Part<never>;
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

const CHUNK = 200;

function chunksOf<T>(items: readonly T[]): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < items.length; at += CHUNK) chunks.push(items.slice(at, at + CHUNK));
  return chunks;
}
