/** Webhooks: a message is durable before it is answered, and starts the flow's job. Order of arrival is kept. */
import { createHmac } from 'node:crypto';
import { isSameSecret } from '../broker/one-time-tokens.ts';
import { requestError } from '../errors.ts';
import type { Service } from '../integration/service.ts';
import type { JsonObject } from '../json.ts';
import { textAt } from '../record/connection-fields.ts';
import { openSecrets } from '../record/credentials.ts';
import { at } from '../record/record.ts';
import type { ReceivedTotal } from '../store/jobs.ts';
import type { Part } from '../store/part.ts';
import { UnitOfWork } from '../store/unit-of-work.ts';
import { TimeSlice } from '../work/time-slice.ts';
import { definitionOf } from './definition.ts';
import type { FlowJobs } from './flow-jobs.ts';
import type { Job } from './job.ts';
import { flowLimits } from './limits.ts';

export interface WebhookRequest {
  readonly exportId: string;
  /** The token in the path. */
  readonly token: string;
  /** A header's value; empty if it is missing. */
  readonly header: (name: string) => string;
  /** As received, for verifying signatures. */
  readonly body: Buffer;
  /** JSON of each message in the body. Called after the sender is verified. @throws RequestError */
  readonly messages: () => Promise<string[]>;
}

/** How to answer. */
export interface WebhookReply {
  readonly status: number;
  readonly body: string | undefined;
}

const ALGORITHMS = ['sha1', 'sha256', 'sha384', 'sha512'];
const ENCODINGS = ['hex', 'base64', 'base64url'] as const;

/** An empty setting counts as missing, so that an empty credential never matches. */
const settingAt = (record: JsonObject, name: string): string | undefined =>
  textAt(record, `webhook.${name}`) || undefined;

/** @param record the export with its secrets in clear */
function isVerified(record: JsonObject, { token, header, body }: WebhookRequest): boolean {
  const expected = settingAt(record, 'token');
  if (expected !== undefined && !isSameSecret(token, expected)) return false;
  switch (settingAt(record, 'verify') ?? 'token') {
    case 'token':
      return expected !== undefined;
    case 'basic': {
      const [user, password] = [settingAt(record, 'username'), settingAt(record, 'password')];
      if (user === undefined || password === undefined) return false;
      const credentials = Buffer.from(`${user}:${password}`).toString('base64');
      const [scheme = '', given = ''] = header('authorization').split(' ');
      return scheme.toLowerCase() === 'basic' && isSameSecret(given, credentials);
    }
    case 'hmac': {
      const key = settingAt(record, 'key');
      const name = settingAt(record, 'header');
      const algorithm = settingAt(record, 'algorithm') ?? 'sha256';
      const encoding = ENCODINGS.find((each) => each === (settingAt(record, 'encoding') ?? 'hex'));
      if (key === undefined || name === undefined || !ALGORITHMS.includes(algorithm) || !encoding) return false;
      const signature = createHmac(algorithm, key).update(body).digest(encoding);
      // Several services prefix the algorithm.
      return isSameSecret(header(name).replace(`${algorithm}=`, ''), signature);
    }
    default:
      return false;
  }
}

function replyOf(record: JsonObject): WebhookReply {
  const status = at(record, ['webhook', 'successStatusCode']);
  const body = at(record, ['webhook', 'successBody']);
  const isStatus = typeof status === 'number' && Number.isInteger(status) && status >= 200 && status < 300;
  return { status: isStatus ? status : 204, body: typeof body === 'string' ? body : undefined };
}

export interface WebhooksParts {
  readonly service: Service;
  readonly jobs: FlowJobs;
  readonly onError: (error: unknown, exportId: string) => void;
}

export class Webhooks {
  readonly #parts: WebhooksParts;
  /** Exports with their credentials in clear: decrypting one per message would cost more than the rest. */
  readonly #open = new Map<string, { readonly revision: number; readonly record: JsonObject }>();
  /** Exports whose job is being started; true if more messages have arrived since. */
  readonly #starting = new Map<string, boolean>();
  /** Waiting messages by export: counted from time to time, and added up in between. */
  readonly #waiting = new Map<string, Waiting>();

  constructor(parts: WebhooksParts) {
    this.#parts = parts;
  }

  /** @throws RequestError `not_found`, `unauthorized`, `overloaded` */
  async receive(request: WebhookRequest): Promise<WebhookReply> {
    const { service, jobs } = this.#parts;
    const { exportId } = request;
    const integrationId = await service.store.ownerOf(exportId);
    const document = integrationId === undefined ? undefined : await service.store.get(integrationId);
    const part = document?.exports.get(exportId);
    if (!integrationId || !part || part.head.type !== 'webhook' || part.isLarge) throw noWebhook();
    const record = this.#opened(part);
    if (!isVerified(record, request))
      throw requestError('unauthorized', { message: 'The request could not be verified.' });
    const waiting = await this.#roomFor(request);
    const bodies = await request.messages();
    waiting.added += bodies.length;
    waiting.addedBytes += request.body.length;
    await jobs.store.messages.receive(
      bodies.map((body) => ({ _id: service.dispatcher.ids(), integrationId, exportId, body })),
    );
    this.#start(integrationId, exportId);
    return replyOf(record);
  }

  /** Starts jobs for waiting messages, for example those of a process that died. */
  async startWaiting(): Promise<void> {
    for (const { integrationId, exportId } of await this.#parts.jobs.store.messages.exports()) {
      this.#start(integrationId, exportId);
    }
  }

  /** Starts another job if messages have arrived since. */
  async onJobEnded({ _integrationId, _flowId, status }: Job): Promise<void> {
    if (status !== 'completed') return;
    const document = await this.#parts.service.store.get(_integrationId);
    const flow = document?.flows.get(_flowId);
    for (const { kind, id } of flow?.references ?? []) {
      if (kind !== 'exports' || typeof id !== 'string' || document?.exports.get(id)?.head.type !== 'webhook') continue;
      if ((await this.#parts.jobs.store.messages.count(id, 1)).count > 0) this.#start(_integrationId, id);
    }
  }

  #opened(part: Part): JsonObject {
    const { _id } = part.head;
    const known = this.#open.get(_id);
    if (known?.revision === part.revision) return known.record;
    const open = openSecrets(this.#parts.service.keyring, 'exports', part.value);
    if (!open) throw requestError('credentials_unreadable');
    if (this.#open.size >= OPEN_MAX) this.#open.clear();
    this.#open.set(_id, { revision: part.revision, record: open.record });
    return open.record;
  }

  /** @throws RequestError `overloaded` */
  async #roomFor({ exportId, body }: WebhookRequest): Promise<Waiting> {
    let waiting = this.#waiting.get(exportId);
    if (!waiting || isOutdated(waiting, body.length)) {
      const stored = await this.#parts.jobs.store.messages.count(exportId, flowLimits.messagesWaiting);
      waiting = { ...stored, at: performance.now(), added: 0, addedBytes: 0 };
      if (this.#waiting.size >= OPEN_MAX) this.#waiting.clear();
      this.#waiting.set(exportId, waiting);
    }
    if (!isFull(waiting, body.length)) return waiting;
    throw requestError('overloaded', { message: 'Too many messages of this webhook are waiting for their flow.' });
  }

  #start(integrationId: string, exportId: string): void {
    if (this.#starting.has(exportId)) return void this.#starting.set(exportId, true);
    this.#starting.set(exportId, false);
    this.#add(integrationId, exportId)
      .catch((error) => this.#parts.onError(error, exportId))
      .finally(() => {
        const hasMore = this.#starting.get(exportId) === true;
        this.#starting.delete(exportId);
        if (hasMore) setTimeout(() => this.#start(integrationId, exportId), START_AGAIN_MS).unref();
      });
  }

  /** Starts the first flow that reads the webhook, unless it has a job. */
  async #add(integrationId: string, exportId: string): Promise<void> {
    const unit = await UnitOfWork.open(this.#parts.service.store, integrationId);
    const slice = new TimeSlice();
    for (const [flowId, { references }] of unit.records('flows')) {
      if (slice.isOver) await slice.next();
      const isNamed = references.some(({ kind, id }) => kind === 'exports' && id === exportId);
      if (!isNamed || !readsFrom(unit, flowId, exportId)) continue;
      await this.#parts.jobs.add(integrationId, flowId, { triggeredBy: 'webhook' });
      return;
    }
  }
}

function readsFrom(unit: UnitOfWork, flowId: string, exportId: string): boolean {
  try {
    const { generators, isDisabled } = definitionOf(unit, flowId);
    return !isDisabled && generators.some((generator) => generator.exportId === exportId);
  } catch {
    // A flow that cannot run.
    return false;
  }
}

const noWebhook = (): Error => requestError('not_found', { message: 'There is no such webhook.' });

/** Messages that wait for a job. */
interface Waiting extends ReceivedTotal {
  /** When they were counted. */
  readonly at: number;
  /** What has arrived since. */
  added: number;
  addedBytes: number;
}

const isFull = ({ count, added, bytes, addedBytes }: Waiting, more: number): boolean =>
  count + added >= flowLimits.messagesWaiting || bytes + addedBytes + more > flowLimits.messageBytesWaiting;

/** Jobs take messages meanwhile, and other nodes receive some. */
const isOutdated = (waiting: Waiting, more: number): boolean =>
  waiting.added >= COUNT_EVERY ||
  waiting.addedBytes >= COUNT_EVERY_BYTES ||
  (isFull(waiting, more) && performance.now() - waiting.at > FULL_FOR_MS);

const OPEN_MAX = 10_000;
const COUNT_EVERY = 1_000;
const COUNT_EVERY_BYTES = 16 * 1024 * 1024;
/** A webhook that was full is counted again after this time. */
const FULL_FOR_MS = 1_000;
const START_AGAIN_MS = 50;
