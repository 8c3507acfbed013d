/** The parameters of an operation. They come from connector code, so everything is checked when it is read. */

/** Why an operation is not done. Connector code sees which. */
export type Refusal = 'too much' | 'not supported';

export class RefusedError extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal);
    this.refusal = refusal;
  }
}

/** OpenSSL's names of the hashes, by those of the Web Cryptography API. */
const hashes: ReadonlyMap<unknown, string> = new Map([
  ['SHA-1', 'sha1'],
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
]);

export class Parameters {
  readonly #values: Readonly<Record<string, unknown>>;

  /** @param text JSON of an object */
  constructor(text: string) {
    const parsed: unknown = JSON.parse(text);
    this.#values = typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  }

  get hash(): string {
    return this.oneOf('hash', hashes);
  }

  text(name: string): string {
    const value = this.#values[name];
    return typeof value === 'string' ? value : '';
  }

  /** From base64; empty if there is none. */
  bytes(name: string): Buffer {
    return Buffer.from(this.text(name), 'base64');
  }

  integer(name: string, min: number, max: number): number {
    const value = this.#values[name];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min) throw new RefusedError('not supported');
    if (value > max) throw new RefusedError('too much');
    return value;
  }

  /** What the table has for the parameter's value. */
  oneOf<T>(name: string, table: ReadonlyMap<unknown, T>): T {
    const found = table.get(this.#values[name]);
    if (found === undefined) throw new RefusedError('not supported');
    return found;
  }
}
