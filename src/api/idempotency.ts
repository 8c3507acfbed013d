/**
 * `Idempotency-Key` (contract 3; draft-ietf-httpapi-idempotency-key-header): a POST that creates something runs
 * once, however often it is sent. Replies below 500 are stored, except 409, which asks for a retry.
 */
import { hash } from 'node:crypto';
import { RequestError, requestError } from '../errors.ts';
import { integrationJson, integrationOf, publicIntegration, type Service } from '../integration/service.ts';
import { publicText } from '../record/records.ts';
import type { Creation, IdempotencyStore, StoredReply, UnfinishedRequest } from '../store/storage.ts';
import { isRecordKind } from '../store/stored.ts';
import { UnitOfWork } from '../store/unit-of-work.ts';
import type { Account } from '../work/work.ts';
import { type ApiContext, etagOf, replyJsonText } from './context.ts';

/** A structured field's string (RFC 8941, 3.3.3), or the same without quotes, as most clients send it. */
const KEY = /^(?:"([\x20\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{1,255}))$/;
/** Headers stored with a reply. `Location` is computed again. */
const RETAINED_HEADERS = ['ETag', 'Bulkhead-Run-Id'];

export class Idempotency {
  readonly #service: Service;
  readonly #store: IdempotencyStore;
  readonly #publicUrl: () => string;
  readonly #onError: (error: unknown) => void;
  /** Keys whose first request is still running. */
  readonly #running = new Set<string>();

  constructor(
    service: Service,
    store: IdempotencyStore,
    { publicUrl, onError }: { readonly publicUrl: () => string; readonly onError: (error: unknown) => void },
  ) {
    this.#service = service;
    this.#store = store;
    this.#publicUrl = publicUrl;
    this.#onError = onError;
    store.onOrphans = (requests) => void this.#settleAll(requests).catch(onError);
  }

  /** Settles the requests that the previous process left unfinished. Call before serving. */
  async settle(): Promise<void> {
    await this.#settleAll(await this.#store.unfinished());
  }

  async #settleAll(requests: readonly UnfinishedRequest[]): Promise<void> {
    for (const { key, creation } of requests) await this.#settleOne(key, creation);
  }

  /**
   * Does the work, or repeats the stored reply.
   *
   * @param creation what the work creates; the reply is its record
   * @param body as received
   * @param work creates it under the given id, and sets the reply
   */
  async once(
    ctx: ApiContext,
    creation: Omit<Creation, 'id'>,
    body: Buffer,
    work: (id: string) => Promise<void>,
  ): Promise<void> {
    const id = this.#service.dispatcher.ids();
    const header = ctx.req.headers['idempotency-key'];
    let createdId = id;
    // A run commits as a whole, so its requests need no key.
    if (header === undefined || ctx.state.grant) await work(id);
    else createdId = await this.#once(ctx, keyOf(ctx, String(header)), { ...creation, id }, hash('sha256', body), work);
    if (ctx.status < 400) ctx.set('Location', `${this.#publicUrl()}/v1/${creation.kind}/${createdId}`);
  }

  /** @returns the id of the created record, from this request or an earlier one */
  async #once(
    ctx: ApiContext,
    key: string,
    creation: Creation,
    request: string,
    work: (id: string) => Promise<void>,
  ): Promise<string> {
    const stored = await this.#store.find(key);
    if (stored && stored.request !== request) throw requestError('idempotency_mismatch');
    if (this.#running.has(key) || stored?.isRunningElsewhere) throw stillRunning();
    this.#running.add(key);
    try {
      const reply = stored && (stored.reply ?? (await this.#settleOne(key, stored.creation)));
      if (stored && reply) {
        replay(ctx, reply);
        return stored.creation.id;
      }
      // Another node has just begun the same request.
      if (!(await this.#store.begin(key, { request, creation }))) throw stillRunning();
      await this.#do(ctx, key, creation, work);
      return creation.id;
    } finally {
      this.#running.delete(key);
    }
  }

  async #do(ctx: ApiContext, key: string, creation: Creation, work: (id: string) => Promise<void>): Promise<void> {
    try {
      await work(creation.id);
    } catch (error) {
      await this.#recordFailure(key, creation, error);
      throw error;
    }
    const headers = RETAINED_HEADERS.flatMap((name) => {
      const value = ctx.response.get(name);
      return value === '' ? [] : [[name, value] as const];
    });
    const reply = { status: ctx.status, headers: Object.fromEntries(headers), body: String(ctx.body) };
    await this.#record(() => this.#store.finish(key, reply));
  }

  async #recordFailure(key: string, creation: Creation, error: unknown): Promise<void> {
    if (error instanceof RequestError && error.status < 500 && error.status !== 409) {
      const { status, headers, errors } = error;
      const reply = { status, headers: { ...headers }, body: JSON.stringify({ errors }) };
      return this.#record(() => this.#store.finish(key, reply));
    }
    await this.#settleOne(key, creation).catch(this.#onError);
  }

  /** If recording fails, the key is settled when it is used again, or at the next start. */
  async #record(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#onError(error);
    }
  }

  /** Settles a request with an unknown outcome: stores its reply if it created its record, else frees the key. */
  async #settleOne(key: string, creation: Creation): Promise<StoredReply | undefined> {
    const reply = await this.#replyOf(creation);
    await this.#record(() => (reply ? this.#store.finish(key, reply) : this.#store.drop(key)));
    return reply;
  }

  async #replyOf({ kind, id, status }: Creation): Promise<StoredReply | undefined> {
    const integrationId = await this.#service.store.ownerOf(id);
    if (integrationId === undefined) return undefined;
    const unit = await UnitOfWork.open(this.#service.store, integrationId);
    if (!isRecordKind(kind)) {
      const integration = publicIntegration(this.#service, integrationOf(unit));
      const body = integrationJson(integration, unit.settings).toString();
      return { status, headers: { ETag: etagOf(unit, integration) }, body };
    }
    const record = unit.record(kind, id);
    if (!record) return undefined;
    return {
      status,
      headers: { ETag: etagOf(unit, record.head) },
      body: (await publicText(this.#service.work, NOBODY, kind, record)).toString(),
    };
  }
}

const stillRunning = (): RequestError =>
  requestError('conflict', { message: 'The first request with this Idempotency-Key is still running.' });

/** Rebuilding a reply is charged to nobody. */
const NOBODY: Account = { owner: 'users', charge() {} };

/**
 * Hashes the key with route and caller: the same key on another route, or with another token, is another request.
 *
 * @throws RequestError
 */
function keyOf({ method, path, state: { token } }: ApiContext, header: string): string {
  const [, quoted, bare] = KEY.exec(header.trim()) ?? [];
  const key = quoted ?? bare;
  if (key === undefined) {
    const message = 'Idempotency-Key must be a string of 1 to 255 printable ASCII characters, with or without quotes.';
    throw requestError('bad_request', { message });
  }
  const caller = token ? `${token._id}\n` : '';
  return hash('sha256', `${caller}${method} ${path}\n${key}`);
}

function replay(ctx: ApiContext, { status, headers, body }: StoredReply): void {
  ctx.status = status;
  ctx.set({ ...headers, 'Idempotent-Replayed': 'true' });
  replyJsonText(ctx, body);
}
