/**
 * One part of a document: the integration, its settings, a record, or a state value. It is kept as JSON text,
 * as a value, or both. Immutable.
 */
import { type Json, LARGE_BYTES } from '../json.ts';
import { type Reference, referencesIn } from './references.ts';
import type { Stored } from './stored.ts';

/** What is known of a part that was made from text. */
export interface TextFacts<Head> {
  readonly text: Buffer;
  readonly head: Head;
  readonly references?: readonly Reference[];
}

export class Part<Head = Stored> {
  /** Of a record what lists and look-ups read; all of it where the part is kept as a value. */
  readonly head: Head;
  /** How often it was written, so that conflicts are found. */
  readonly revision: number;
  #value: Json | undefined;
  #text: Buffer | undefined;
  #references: readonly Reference[] | undefined;

  private constructor(head: Head, revision: number) {
    this.head = head;
    this.revision = revision;
  }

  /** A record of at most `LARGE_BYTES` of JSON. */
  static ofRecord(record: Stored, revision = 1): Part {
    const part = new Part<Stored>(record, revision);
    part.#value = record;
    return part;
  }

  /** Settings or a state value, likewise small. */
  static ofValue(value: Json, revision = 1): Part<undefined> {
    const part = new Part<undefined>(undefined, revision);
    part.#value = value;
    return part;
  }

  static ofText<Head>({ text, head, references }: TextFacts<Head>, revision = 1): Part<Head> {
    const part = new Part<Head>(head, revision);
    part.#text = text;
    part.#references = references;
    return part;
  }

  /** The same content, written once more. */
  withRevision(revision: number): Part<Head> {
    const part = new Part<Head>(this.head, revision);
    part.#value = this.#value;
    part.#text = this.#text;
    part.#references = this.#references;
    return part;
  }

  /** Kept as text, which takes a third of the memory. */
  asText(headOf: (value: Json) => Head): Part<Head> {
    if (this.#value === undefined) return this;
    const references = this.head === undefined ? [] : this.references;
    return Part.ofText({ text: this.text, head: headOf(this.#value), references }, this.revision);
  }

  /** Its text is too long to be parsed while others wait: a task of the pool has to. */
  get isLarge(): boolean {
    return this.#value === undefined && (this.#text as Buffer).length > LARGE_BYTES;
  }

  /** The whole value; parsed anew each time if the part is kept as text. It must not be large. */
  get value(): Head extends undefined ? Json : Head & Stored {
    if (this.isLarge) throw new Error('a large part is parsed in the pool');
    return (this.#value === undefined ? JSON.parse((this.#text as Buffer).toString()) : this.#value) as never;
  }

  /** What a task gets of it: its text if that is large, and otherwise its value. */
  get taskInput(): Buffer | (Head extends undefined ? Json : Head & Stored) {
    return this.isLarge ? this.text : this.value;
  }

  /** Its JSON, as it is there or is made most easily. */
  get json(): string | Buffer {
    return this.#text ?? JSON.stringify(this.#value);
  }

  /** JSON, UTF-8; made anew each time if the part is kept as a value. */
  get text(): Buffer {
    return this.#text ?? Buffer.from(JSON.stringify(this.#value));
  }

  /** 0 of one that is kept as a value. */
  get knownBytes(): number {
    return this.#text?.length ?? 0;
  }

  get bytes(): number {
    return this.#text?.length ?? Buffer.byteLength(JSON.stringify(this.#value));
  }

  /** What it refers to; of large text this was found out when it was made. */
  get references(): readonly Reference[] {
    this.#references ??= referencesIn(this.value as Json);
    return this.#references;
  }
}
