/**
 * The keys that credentials are encrypted with at rest: AES-256-GCM. The first encrypts, all decrypt,
 * so that a key can be changed: `new,old`.
 */
import { createCipheriv, createDecipheriv, hash, randomBytes, scryptSync } from 'node:crypto';
import { chmod, link, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { closing, syncFolder, temporaryFor } from '../store/files.ts';
import { StoreError } from '../store/store.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Passphrases are stretched; the same text gives the same key everywhere. */
const SALT = 'bulkhead credentials';
const FORMAT = 'v1';

const SEALED = /^v1\.[0-9a-f]{12}\.[\w-]{38,}$/;

/** Whether a value is one that a keyring has sealed, or looks like it. */
export const isSealed = (value: unknown): value is string => typeof value === 'string' && SEALED.test(value);

/** One key. Stretching a passphrase takes tens of milliseconds: not before there is something to encrypt or to read. */
class Key {
  readonly #text: string;
  #made: { readonly bytes: Buffer; readonly id: string } | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  get bytes(): Buffer {
    return this.#make().bytes;
  }

  /** Names the key without telling it. */
  get id(): string {
    return this.#make().id;
  }

  #make(): { readonly bytes: Buffer; readonly id: string } {
    if (this.#made) return this.#made;
    const bytes = scryptSync(this.#text, SALT, KEY_BYTES);
    this.#made = { bytes, id: hash('sha256', bytes).slice(0, 12) };
    return this.#made;
  }
}

export class Keyring {
  /** The keys' texts, for a keyring of another thread. */
  readonly keys: readonly string[];
  readonly #keys: readonly Key[];

  private constructor(texts: readonly string[]) {
    this.keys = texts;
    this.#keys = texts.map((text) => new Key(text));
  }

  /** @param texts of the keys, the present one first */
  static of(texts: readonly string[]): Keyring {
    return new Keyring(texts);
  }

  /** @param context where the value belongs; it cannot be read anywhere else */
  seal(text: string, context: string): string {
    const [key] = this.#keys;
    if (!key) throw new Error('a keyring without a key');
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
      // Not what was sealed, or not here.
      return undefined;
    }
  }

  /** Whether it was sealed with the present key. */
  isCurrent(sealed: string): boolean {
    return sealed.startsWith(`${FORMAT}.${this.#keys[0]?.id}.`);
  }
}

/**
 * The operator's keys, comma-separated, and behind them the one in the file; without the operator's
 * the file is made, readable for its owner alone.
 */
export async function openKeyring(file: string, secretKey: string | undefined): Promise<Keyring> {
  const texts = secretKey?.split(',').map((text) => text.trim()) ?? [];
  const stored = await readKey(file, texts.length === 0);
  return Keyring.of(stored === undefined ? texts : [...texts, stored]);
}

async function readKey(file: string, createIfMissing: boolean): Promise<string | undefined> {
  try {
    const text = (await readFile(file, 'utf8')).trim();
    // A key that was lost half-written would encrypt what nobody can read again.
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
 * Whenever the process ends, there is a whole key or none. Of two that start at the same time both take the
 * key that was there first.
 */
async function createKey(file: string): Promise<string> {
  const made = randomBytes(KEY_BYTES).toString('base64url');
  // Another process may be at the same.
  const temporary = temporaryFor(file);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    await closing(handle, async () => {
      await handle.writeFile(`${made}\n`);
      await handle.sync();
    });
    await link(temporary, file);
    await syncFolder(dirname(file));
    return made;
  } catch (error) {
    // Who reads of it knows the key's file and not the other.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw Object.assign(error as Error, { path: file });
    return (await readKey(file, false)) as string;
  } finally {
    await rm(temporary, { force: true });
  }
}
