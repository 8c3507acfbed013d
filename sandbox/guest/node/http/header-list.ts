/** A request's headers: found whatever their case, sent as they were written. */

interface Header {
  readonly name: string;
  readonly value: unknown;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const INVALID_VALUE = /[^\t\u0020-\u007e\u0080-\u00ff]/;

function invalid(message: string, code: string): TypeError {
  return Object.assign(new TypeError(message), { code });
}

export function validateHeaderName(name: string): void {
  if (typeof name === 'string' && TOKEN.test(name)) return;
  throw invalid(`Header name must be a valid HTTP token ["${name}"]`, 'ERR_INVALID_HTTP_TOKEN');
}

export function validateHeaderValue(name: string, value: unknown): void {
  if (value === undefined) {
    throw invalid(`Invalid value "undefined" for header "${name}"`, 'ERR_HTTP_INVALID_HEADER_VALUE');
  }
  if (INVALID_VALUE.test(String(value))) {
    throw invalid(`Invalid character in header content ["${name}"]`, 'ERR_INVALID_CHAR');
  }
}

export class HeaderList {
  readonly #headers = new Map<string, Header>();

  /** @param given an object, or names and values in turn */
  constructor(given: unknown) {
    if (Array.isArray(given)) {
      const flat = given.flat() as string[];
      for (let i = 0; i + 1 < flat.length; i += 2) this.append(flat[i] as string, flat[i + 1]);
    } else if (typeof given === 'object' && given !== null) {
      for (const [name, value] of Object.entries(given)) this.set(name, value);
    }
  }

  set(name: string, value: unknown): void {
    validateHeaderName(name);
    for (const item of [value].flat()) validateHeaderValue(name, item);
    this.#headers.set(name.toLowerCase(), { name, value });
  }

  append(name: string, value: unknown): void {
    const earlier = this.get(name);
    this.set(name, earlier === undefined ? value : [earlier, value].flat());
  }

  get(name: string): unknown {
    return this.#headers.get(name.toLowerCase())?.value;
  }

  has(name: string): boolean {
    return this.#headers.has(name.toLowerCase());
  }

  remove(name: string): void {
    this.#headers.delete(name.toLowerCase());
  }

  names(): string[] {
    return [...this.#headers.values()].map(({ name }) => name);
  }

  all(): Record<string, unknown> {
    return Object.fromEntries([...this.#headers].map(([key, { value }]) => [key, value]));
  }

  pairs(): [name: string, value: string][] {
    return [...this.#headers.values()].flatMap(({ name, value }) =>
      [value].flat().map((item): [string, string] => [name, String(item)]),
    );
  }
}
