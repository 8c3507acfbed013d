/** `CryptoKey`. Its bytes are in a private field: of a key of RSA or of a curve, those of `pkcs8` or `spki`. */
import { domException } from './platform.ts';

const constructorKey = Symbol();

const USAGES = ['encrypt', 'decrypt', 'sign', 'verify', 'deriveKey', 'deriveBits', 'wrapKey', 'unwrapKey'] as const;
export type Usage = (typeof USAGES)[number];

export interface KeyAlgorithm {
  readonly name: string;
  readonly hash?: { readonly name: string };
  readonly namedCurve?: string;
  readonly [member: string]: unknown;
}

export interface KeyParts {
  readonly type: 'secret' | 'public' | 'private';
  readonly algorithm: KeyAlgorithm;
  readonly extractable: boolean;
  readonly usages: readonly Usage[];
  readonly bytes: Uint8Array;
}
let partsOf: (key: unknown) => KeyParts;

class CryptoKeyClass {
  readonly #parts: KeyParts;

  static {
    partsOf = (key) => {
      if (typeof key !== 'object' || key === null || !(#parts in key)) throw new TypeError('this is not a CryptoKey');
      return key.#parts;
    };
  }

  constructor(key?: symbol, parts?: KeyParts) {
    if (key !== constructorKey || !parts) throw new TypeError('Illegal constructor');
    this.#parts = parts;
  }

  get type(): string {
    return this.#parts.type;
  }

  get extractable(): boolean {
    return this.#parts.extractable;
  }

  get algorithm(): KeyAlgorithm {
    return this.#parts.algorithm;
  }

  get usages(): readonly string[] {
    return this.#parts.usages;
  }
}

export const makeKey = (parts: KeyParts): CryptoKeyClass => new CryptoKeyClass(constructorKey, parts);

/** In the order of the specification, each once. */
export function usagesOf(given: unknown): Usage[] {
  const requested = [...(given as Iterable<unknown>)].map((usage) => `${usage}`);
  for (const usage of requested) {
    if (!USAGES.includes(usage as Usage)) throw new TypeError(`${usage} is no usage of keys`);
  }
  return USAGES.filter((usage) => requested.includes(usage));
}

export function assertUsages(requested: readonly Usage[], possible: readonly Usage[]): void {
  for (const usage of requested) {
    if (!possible.includes(usage)) throw domException('SyntaxError', `the key cannot be used to ${usage}`);
  }
}

export { CryptoKeyClass as CryptoKey, partsOf };
