/** Secret keys. Those of RSA and of curves are for `crypto.subtle`. */
import { bytesOf, encoded } from './bytes.ts';

export class KeyObject {
  readonly type = 'secret';
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get symmetricKeySize(): number {
    return this.bytes.length;
  }

  export({ format }: { format?: string } = {}): unknown {
    const copy = encoded(this.bytes.slice());
    return format === 'jwk' ? { kty: 'oct', k: encoded(this.bytes, 'base64url') } : copy;
  }

  equals(other: KeyObject): boolean {
    return this.bytes.length === other.bytes.length && this.bytes.every((byte, i) => byte === other.bytes[i]);
  }
}

export const createSecretKey = (key: unknown, encoding?: unknown): KeyObject =>
  new KeyObject(bytesOf(key, encoding, 'key').slice());
