/**
 * One part of a document: the integration, its settings, a record, or a state value. It holds JSON text, the
 * parsed value, or both. Immutable.
 */
import { type Json, LARGE_BYTES } from '../json.ts';
import { type Reference, referencesIn } from './references.ts';
import type { Stored } from './stored.ts';

/** A part's JSON text with what can be read from it without parsing again. */
export interface TextFacts<Head> {
  readonly text: Buffer;
  readonly head: Head;
  readonly references?: readonly Reference[];
}

export class Part<Head = Stored> {
  /** A record's fields for lists and look-ups; the whole record if the part holds a value. */
  readonly head: Head;
  /** Number of writes; detects conflicts. */
  readonly revision: number;
  #value: Json | undefined;
  #text: Buffer | undefined;
  #references: readonly Reference[] | undefined;

  private constructor(head: Head, revision: number) {
    this.head = head;
    this.revision = revision;
  }

  /** For a record of at most `LARGE_BYTES` of JSON. */
  static ofRecord(record: Stored, revision = 1): Part {
    const part = new Part<Stored>(record, revision);
    part.#value = record;
    return part;
  }

  /** For settings or a state value of at most `LARGE_BYTES`. */
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

  static of(record: Stored | TextFacts<Stored>): Part {
    return Buffer.isBuffer(record.text) ? Part.ofText(record as TextFacts<Stored>) : Part.ofRecord(record as Stored);
  }

  /** The same content with another revision. */
  withRevision(revision: number): Part<Head> {
    const part = new Part<Head>(this.head, revision);
    part.#value = this.#value;
    part.#text = this.#text;
    part.#references = this.#references;
    return part;
  }

  /** Text takes a third of the memory of a value. */
  asText(headOf: (value: Json) => Head): Part<Head> {
    if (this.#value === undefined) return this;
    const references = this.head === undefined ? [] : this.references;
    return Part.ofText({ text: this.text, head: headOf(this.#value), references }, this.revision);
  }

  /** Too long to parse on the event loop: parse it in the worker pool. */
  get isLarge(): boolean {
    return this.#value === undefined && (this.#text as Buffer).length > LARGE_BYTES;
  }

  /** The whole value, parsed on each access if the part holds text. Throws for a large part. */
  get value(): Head extends undefined ? Json : Head & Stored {
    if (this.isLarge) throw new Error('a large part is parsed in the pool');
    return (this.#value === undefined ? JSON.parse((this.#text as Buffer).toString()) : this.#value) as never;
  }

  /** Input for a worker task: the text of a large part, otherwise the value. */
  get taskInput(): Buffer | (Head extends undefined ? Json : Head & Stored) {
    return this.isLarge ? this.text : this.value;
  }

  /** JSON in whichever form is cheapest. */
  get json(): string | Buffer {
    return this.#text ?? JSON.stringify(this.#value);
  }

  /** JSON in UTF-8, serialized on each access if the part holds a value. */
  get text(): Buffer {
    return this.#text ?? Buffer.from(JSON.stringify(this.#value));
  }

  /** Bytes of the text; 0 if the part holds only a value. */
  get knownBytes(): number {
    return this.#text?.length ?? 0;
  }

  get bytes(): number {
    return this.#text?.length ?? Buffer.byteLength(JSON.stringify(this.#value));
  }

  /** References to other records. For large text they are computed when the part is created. */
  get references(): readonly Reference[] {
    this.#references ??= referencesIn(this.value as Json);
    return this.#references;
  }
}
