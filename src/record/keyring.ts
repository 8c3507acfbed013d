/**
 * Encrypts credentials at rest with AES-256-GCM. The first key encrypts, all keys decrypt, so a key is rotated by
 * configuring `new,old`.
 */
import { createCipheriv, createDecipheriv, hash, randomBytes, scryptSync } from 'node:crypto';
import { chmod, link, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder, temporaryPathFor, withFile } from '../store/files.ts';
import { StoreError } from '../store/store.ts';

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

/**
 * The operator's comma-separated keys, followed by the key in the file. Without a key from the operator, a missing file
 * is created, readable by its owner only.
 */
export async function openKeyring(file: string, secretKey: string | undefined): Promise<Keyring> {
  const texts = secretKey?.split(',').map((text) => text.trim()) ?? [];
  const stored = await readKey(file, texts.length === 0);
  return Keyring.of(stored === undefined ? texts : [...texts, stored]);
}

async function readKey(file: string, createIfMissing: boolean): Promise<string | undefined> {
  try {
    const text = (await readFile(file, 'utf8')).trim();
    // Do not encrypt with a truncated key: once the file is restored, nobody could decrypt that.
    if (text.length < KEY_BYTES) {
      throw new StoreError('store_unavailable', `The key in ${file} is not whole: put back the one that was there.`);
    }
    await chmod(file, 0o600);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  if (!createIfMissing) return undefined;
  return createKey(file);
}

/**
 * Atomic: whenever the process ends, the file holds a whole key or does not exist. If two processes start at once, both
 * use the key that was written first.
 */
async function createKey(file: string): Promise<string> {
  const key = randomBytes(KEY_BYTES).toString('base64url');
  const temporary = temporaryPathFor(file);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    await withFile(handle, async () => {
      await handle.writeFile(`${key}\n`);
      await handle.sync();
    });
    await link(temporary, file);
    await syncFolder(dirname(file));
    return key;
  } catch (error) {
    // Name the key's file in errors, not the temporary one.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw Object.assign(error as Error, { path: file });
    return (await readKey(file, false)) as string;
  } finally {
    await rm(temporary, { force: true });
  }
}
