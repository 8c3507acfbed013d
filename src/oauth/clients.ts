/** The stored OAuth clients, and their providers. */
import type { Outbound } from '../broker/outbound.ts';
import { requestError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { Keyring } from '../record/keyring.ts';
import type { OAuthClientRecords } from '../store/storage.ts';
import { byAge } from '../store/stored.ts';
import { maskClient, type OAuthClient, parseClient, resealedClient, sealClient, secretOf } from './client.ts';
import { Provider } from './provider.ts';

const CLIENTS_MAX = 1_000;

export interface ClientsOptions {
  readonly records: OAuthClientRecords<OAuthClient>;
  readonly keyring: Keyring;
  readonly outbound: Outbound;
  readonly now: () => Date;
}

export class OAuthClients {
  readonly #options: ClientsOptions;

  constructor(options: ClientsOptions) {
    this.#options = options;
  }

  /** Oldest first, with secrets masked. */
  async list(): Promise<OAuthClient[]> {
    return (await this.#options.records.all()).sort(byAge).map(maskClient);
  }

  /** With its secret masked. @throws RequestError `not_found` */
  async get(id: string): Promise<OAuthClient> {
    return maskClient(await this.#existing(id));
  }

  /** Durable when it resolves. @throws RequestError */
  async create(id: string, body: JsonObject): Promise<OAuthClient> {
    const { records, keyring, now } = this.#options;
    const fields = sealClient(keyring, id, parseClient(body), undefined);
    if ((await records.all()).length >= CLIENTS_MAX) {
      throw requestError('invalid_field', { field: '', message: `There are ${CLIENTS_MAX} OAuth clients already.` });
    }
    const createdAt = now().toISOString();
    return this.#put({ ...fields, _id: id, createdAt, lastModified: createdAt });
  }

  /** Stores clients whose secrets are sealed. Durable when it resolves. @throws RequestError */
  async replace(id: string, body: JsonObject): Promise<{ readonly before: OAuthClient; readonly after: OAuthClient }> {
    const { keyring, now } = this.#options;
    const before = await this.#existing(id);
    const fields = sealClient(keyring, id, parseClient(body), before);
    const after = { ...fields, _id: id, createdAt: before.createdAt, lastModified: now().toISOString() };
    await this.#options.records.put(after);
    return { before, after };
  }

  /** Connections that use it can no longer renew their tokens. @throws RequestError `not_found` */
  async remove(id: string): Promise<OAuthClient> {
    const client = await this.#existing(id);
    await this.#options.records.remove(id);
    return client;
  }

  /** @throws RequestError if there is no such client, or no key opens its secret */
  async provider(id: string): Promise<Provider> {
    const { records, keyring, outbound, now } = this.#options;
    const client = await records.find(id);
    if (!client) {
      const field = 'http.auth.oauth._iClientId';
      throw requestError('invalid_ref', { field, message: `${field} names no OAuth client` });
    }
    const secret = secretOf(keyring, client);
    if (secret === null) throw requestError('credentials_unreadable');
    return new Provider(client, secret, outbound, now);
  }

  /** Re-seals secrets that are sealed with an old key. */
  async reseal(): Promise<void> {
    const { records, keyring } = this.#options;
    for (const client of await records.all()) {
      const next = resealedClient(keyring, client);
      if (next) await records.put(next);
    }
  }

  async #existing(id: string): Promise<OAuthClient> {
    const found = await this.#options.records.find(id);
    if (!found) throw requestError('not_found', { message: 'There is no such OAuth client.' });
    return found;
  }

  async #put(client: OAuthClient): Promise<OAuthClient> {
    await this.#options.records.put(client);
    return maskClient(client);
  }
}
