/** `bulkhead backup` and `bulkhead restore`: on the data folder itself, or by the server that has it. */
import { createWriteStream, existsSync, openAsBlob } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { integrationProblem } from './integration/integration.ts';
import type { Options } from './options.ts';
import { BackupError, backupOf, type Restored, restore } from './store/backup.ts';
import { syncFolder, temporaryFor } from './store/files.ts';
import { openLowdbStore } from './store/lowdb-store.ts';
import { type Store, StoreError } from './store/store.ts';

/** What a person can mend, in a sentence. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

export interface CommandOptions {
  readonly options: Options;
  readonly file: string;
  readonly overwrite: boolean;
}

export type Command = (given: CommandOptions) => Promise<string>;

export const commands: Readonly<Record<string, Command>> = {
  /** @returns what was done, in a sentence */
  async backup({ options, file, overwrite }) {
    if (existsSync(file) && !overwrite) throw new CommandError(`${file} is there already; --overwrite replaces it.`);
    // An empty backup of a folder that was misspelt would be found out when it is needed.
    if (!existsSync(options.data)) throw new CommandError(`There is no data folder ${options.data}.`);
    const temporary = temporaryFor(resolve(file));
    try {
      await withStore(
        options,
        (store) => save(backupOf(store, new Date()), temporary),
        async () => {
          const { body } = await ask(options, 'GET', '/v1/backup');
          if (!body) throw new CommandError('The server sent no backup.');
          await save(Readable.fromWeb(body as ReadableStream<Uint8Array>), temporary);
        },
      );
      await rename(temporary, file);
      await syncFolder(resolve(file, '..'));
    } finally {
      await rm(temporary, { force: true });
    }
    return `Saved to ${file}. Credentials in it stay encrypted: keep the secret key too, apart from it.`;
  },

  async restore({ options, file, overwrite }) {
    if (!existsSync(file)) throw new CommandError(`${file} is not there.`);
    const { restored, unchanged, overwritten } = await withStore<Restored>(
      options,
      (store) => restore(store, file, { overwrite, check: integrationProblem }),
      async () => {
        const body = await openAsBlob(file, { type: 'application/gzip' });
        return (await ask(options, 'POST', `/v1/restore?overwrite=${overwrite}`, body)).json() as Promise<Restored>;
      },
    );
    return `Restored ${restored} integrations, overwrote ${overwritten}, found ${unchanged} as they were.`;
  },
};

/** The data folder is this process's own, or a server has it. */
async function withStore<T>(options: Options, own: (store: Store) => Promise<T>, server: () => Promise<T>): Promise<T> {
  const data = resolve(options.data);
  let store: Store;
  try {
    await mkdir(data, { recursive: true, mode: 0o700 });
    store = await openLowdbStore(data, { check: integrationProblem });
  } catch (error) {
    if (error instanceof StoreError && error.code === 'store_locked') return server();
    throw error;
  }
  try {
    return await own(store);
  } catch (error) {
    if (error instanceof BackupError) {
      throw new CommandError(
        error.code === 'already_there' ? `${error.message} --overwrite replaces them.` : error.message,
      );
    }
    throw error;
  } finally {
    await store.close();
  }
}

async function save(backup: Readable, path: string): Promise<void> {
  await pipeline(backup, createWriteStream(path, { mode: 0o600, flush: true }));
}

async function ask(
  { token, publicUrl, host, port }: Options,
  method: string,
  path: string,
  body?: Blob,
): Promise<Response> {
  if (token === undefined) {
    throw new CommandError('A server has the data folder: BULKHEAD_TOKEN or --token lets this command ask it.');
  }
  const base = publicUrl?.replace(/\/+$/, '') ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  let response: Response;
  try {
    response = await fetch(base + path, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body ? { body } : {}),
    });
  } catch (error) {
    throw new CommandError(`A server has the data folder, and does not answer at ${base}.`, { cause: error });
  }
  if (response.ok) return response;
  throw new CommandError(await refusalIn(response, base));
}

/** The server's own words, or what it is if it is something else. */
async function refusalIn(response: Response, base: string): Promise<string> {
  const text = await response.text();
  try {
    const { errors } = JSON.parse(text) as { errors: { message: string }[] };
    return errors.map(({ message }) => message).join(' ');
  } catch {
    return `What answers at ${base} is no server of this product (${response.status}).`;
  }
}
