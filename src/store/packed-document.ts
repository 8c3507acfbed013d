/** A document as plain data and one text, for its way between threads. */
import type { Document } from './document.ts';
import { Part } from './part.ts';
import type { Reference } from './references.ts';
import { recordKinds, type Stored } from './stored.ts';

const kinds = [...recordKinds, 'state'] as const;
type Kind = (typeof kinds)[number];

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
  readonly parts: Readonly<Record<Kind, readonly PackedPart[]>>;
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
  const lists = kinds.map((kind) => {
    const parts: ReadonlyMap<string, Part<unknown>> = document[kind];
    return [kind, [...parts].map(([key, part]) => pack(part, key))] as const;
  });
  return {
    text: Buffer.concat(texts),
    integration,
    settings,
    parts: Object.fromEntries(lists) as unknown as PackedDocument['parts'],
    stateWrites: document.stateWrites,
  };
}

export function unpacked({ text, integration, settings, parts, stateWrites }: PackedDocument): Document {
  let offset = 0;
  const unpack = ({ head, references, revision, bytes }: PackedPart): Part<never> => {
    offset += bytes;
    const piece = text.subarray(offset - bytes, offset);
    return Part.ofText({ text: piece, head, references }, revision) as Part<never>;
  };
  const first = unpack(integration);
  const second = settings && unpack(settings);
  const maps = kinds.map((kind) => [kind, new Map(parts[kind].map((part) => [part.key, unpack(part)]))] as const);
  return { ...Object.fromEntries(maps), integration: first, settings: second, stateWrites } as unknown as Document;
}
