/**
 * Encrypts credentials at rest with AES-256-GCM. The first key encrypts, all keys decrypt, so a key is rotated by
 * configuring `new,old`.
 */
import { createCipheriv, createDecipheriv, hash, randomBytes, scryptSync } from 'node:crypto';
import type { KeyStore } from '../store/storage.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** For stretching passphrases. Fixed, so that the same text gives the same key everywhere. */
const SALT = 'bulkhead credentials';
const FORMAT = 'v1';

const SEALED = /^v1\.[0-9a-f]{12}\.[\w-]{38,}$/;

/** Whether a value looks like one that a keyring has sealed. */
export const isSealed = (value: unknown): value is string => typeof value === 'string' && SEALED.test(value);

/** One key, derived at its first use: stretching takes tens of milliseconds. */
class Key {
  readonly #text: string;
  #derived: { readonly bytes: Buffer; readonly id: string } | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  get bytes(): Buffer {
    return this.#derive().bytes;
  }

  /** Identifies the key without revealing it. */
  get id(): string {
    return this.#derive().id;
  }

  #derive(): { readonly bytes: Buffer; readonly id: string } {
    if (this.#derived) return this.#derived;
    const bytes = scryptSync(this.#text, SALT, KEY_BYTES);
    this.#derived = { bytes, id: hash('sha256', bytes).slice(0, 12) };
    return this.#derived;
  }
}

export class Keyring {
  /** Texts of the keys, to make the keyring of another thread. */
  readonly keys: readonly string[];
  readonly #keys: readonly Key[];

  private constructor(texts: readonly string[]) {
    this.keys = texts;
    this.#keys = texts.map((text) => new Key(text));
  }

  /** @param texts texts of the keys, the current one first */
  static of(texts: readonly string[]): Keyring {
    return new Keyring(texts);
  }

  /** @param context authenticated with the text; `open` needs the same */
  seal(text: string, context: string): string {
    const [key] = this.#keys;
    if (!key) throw new Error('the keyring has no key');
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key.bytes, nonce).setAAD(Buffer.from(context));
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${FORMAT}.${key.id}.${sealed.toString('base64url')}`;
  }

  /** Undefined if none of the keys opens it. */
  open(sealed: string, context: string): string | undefined {
    const [format, id, text = ''] = sealed.split('.');
    const key = this.#keys.find((candidate) => candidate.id === id);
    const bytes = Buffer.from(text, 'base64url');
    if (format !== FORMAT || !key || bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', key.bytes, nonce).setAAD(Buffer.from(context));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    } catch {
      // Tampered with, or sealed for another context.
      return undefined;
    }
  }

  /** Whether it was sealed with the current key. */
  isCurrent(sealed: string): boolean {
    return sealed.startsWith(`${FORMAT}.${this.#keys[0]?.id}.`);
  }
}

/** The operator's comma-separated keys, followed by the stored one, which is made if there is neither. */
export async function openKeyring(store: KeyStore, secretKey: string | undefined): Promise<Keyring> {
  const texts = secretKey?.split(',').map((text) => text.trim()) ?? [];
  const stored = await store.read();
  if (stored !== undefined) return Keyring.of([...texts, stored]);
  return Keyring.of(texts.length > 0 ? texts : [await store.add(randomBytes(KEY_BYTES).toString('base64url'))]);
}
