/** All that is done to the server at once. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bulkhead } from '../bench/rig.ts';
import type { FlowScene } from '../flow/scene.ts';
import type { Client, Reply } from '../support/client.ts';
import { FLOW_RECORDS, uploadOf, versionName } from './bundles.ts';
import { every, paced } from './pace.ts';
import type { RunEnds } from './readers.ts';
import type { Tally } from './tally.ts';

const WRITE_EVERY_MS = 500;
const FLOW_EVERY_MS = 3_000;
const WEBHOOKS_PER_SECOND = 20;
const UPLOAD_EVERY_MS = 15_000;
/** Fewer than what opens the circuit breaker. */
const KILL_EVERY_MS = 10_000;
const SIDE_CALLS_PER_SECOND = 5;
const JOB_POLL_MS = 200;
const JOB_LIMIT_MS = 120_000;
const TEXT = 'x'.repeat(900);
/** What calls of a connector may get beside an answer when another call of it has crashed its process. */
const RESTARTED = ['200', '503 sandbox_restarted'];
/** What calls of an integration may get that is being updated. */
const UPDATING = ['200', '409 update_in_progress'];
const CRASHED = ['422 sandbox_crashed', '422 memory_limit_exceeded'];

/** What the load works with. */
export interface Scene {
  readonly server: Bulkhead;
  readonly client: Client;
  readonly applicationUrl: string;
  readonly tally: Tally;
  readonly runEnds: RunEnds;
  readonly callsPerSecond: number;
  /** Integrations by what is done with them. */
  readonly called: readonly string[];
  readonly written: readonly string[];
  readonly fragile: { readonly called: string; readonly written: string; readonly crashed: string };
  readonly uploaded: { readonly connectorId: string; readonly ids: readonly string[] };
  readonly flows: readonly FlowScene[];
  readonly webhook: FlowScene;
  readonly webhookToken: string;
}

/** One integration's settings, written by nobody else. */
class Writer {
  readonly #scene: Scene;
  readonly #id: string;
  readonly #allowed: readonly string[];
  #count = 0;
  /** What was acknowledged last; undefined if a write has no certain outcome. */
  #text: string | undefined;

  constructor(scene: Scene, id: string, allowed: readonly string[] = ['200']) {
    this.#scene = scene;
    this.#id = id;
    this.#allowed = allowed;
  }

  async write(): Promise<void> {
    const { tally } = this.#scene;
    const text = `${this.#id} ${++this.#count}`;
    const [name, body] = this.#count % 2 ? ['persistSettings', { pending: { text } }] : ['write', { text }];
    const reply = await tally.expect('write', this.#allowed, () => this.#put(name, body));
    if (reply === undefined) this.#text = undefined;
    // Nothing was changed by one that got 503.
    else if (reply.status === 200) this.#text = text;
    await this.check();
  }

  /** The last write that was acknowledged can be read. */
  async check(): Promise<void> {
    const { tally, client } = this.#scene;
    const reply = await tally.expect('read', ['200'], () => client('GET', `/integrations/${this.#id}`));
    if (reply === undefined || this.#text === undefined) return;
    if (reply.body.settings.sections[0].fields[0].value !== this.#text) tally.lose('write');
  }

  #put(name: string, body: object): Promise<Reply> {
    return this.#scene.client('PUT', `/integrations/${this.#id}/settings/${name}`, body);
  }
}

export class Load {
  readonly #scene: Scene;
  readonly #writers: readonly Writer[];
  /** Ids of the webhooks that were acknowledged. */
  readonly #webhooks = new Set<number>();
  #calls = 0;
  #sentWebhooks = 0;
  #version = 0;
  #flowRecords = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#writers = [
      ...scene.written.map((id) => new Writer(scene, id)),
      new Writer(scene, scene.fragile.written, RESTARTED),
    ];
  }

  /** Ends when the signal aborts and all that was sent has been answered. */
  async run(signal: AbortSignal): Promise<void> {
    const { callsPerSecond, flows, fragile, uploaded } = this.#scene;
    await Promise.all([
      paced(callsPerSecond, signal, () => this.#call()),
      paced(SIDE_CALLS_PER_SECOND, signal, () => this.#callBeside('a kill', fragile.called, RESTARTED)),
      ...uploaded.ids.map((id) =>
        paced(SIDE_CALLS_PER_SECOND, signal, () => this.#callBeside('an update', id, UPDATING)),
      ),
      paced(WEBHOOKS_PER_SECOND, signal, () => this.#sendWebhook()),
      ...this.#writers.map((writer) => every(WRITE_EVERY_MS, signal, () => writer.write())),
      ...flows.map((flow) => every(FLOW_EVERY_MS, signal, () => this.#runFlow(flow))),
      every(UPLOAD_EVERY_MS, signal, () => this.#upload()),
      every(KILL_EVERY_MS, signal, () => this.#crash()),
    ]);
  }

  async #call(): Promise<void> {
    const { tally, called, runEnds } = this.#scene;
    const id = called[this.#calls++ % called.length] as string;
    const number = this.#calls;
    const reply = await tally.expect('call', ['200'], () => this.#put(id, 'echo', { number, text: TEXT }), true);
    if (!reply) return;
    if (reply.body?.number !== number) tally.note('call: the answer of another');
    runEnds.note(reply.headers.get('bulkhead-run-id') ?? '');
  }

  async #callBeside(what: string, id: string, allowed: readonly string[]): Promise<void> {
    const { tally, runEnds } = this.#scene;
    const reply = await tally.expect(`call beside ${what}`, allowed, () => this.#put(id, 'echo', {}));
    if (reply?.status === 200) runEnds.note(reply.headers.get('bulkhead-run-id') ?? '');
  }

  async #crash(): Promise<void> {
    const { tally, fragile } = this.#scene;
    await tally.expect('kill', CRASHED, () => this.#put(fragile.crashed, 'crash', {}));
  }

  async #sendWebhook(): Promise<void> {
    const { tally, client, webhook, webhookToken } = this.#scene;
    const id = ++this.#sentWebhooks;
    const path = `/exports/${webhook.exportId}/${webhookToken}/data`;
    if (await tally.expect('webhook', ['204'], () => client('POST', path, { id }))) this.#webhooks.add(id);
  }

  async #runFlow({ flowId }: FlowScene): Promise<void> {
    const { tally, client } = this.#scene;
    const reply = await tally.expect('flow', ['201'], () => client('POST', `/flows/${flowId}/run`, {}));
    if (!reply) return;
    const path = `/jobs/${reply.body._jobId}`;
    const until = performance.now() + JOB_LIMIT_MS;
    while (performance.now() < until) {
      const job = (await tally.expect('job', ['200'], () => client('GET', path)))?.body;
      if (job === undefined) return;
      if (['completed', 'failed', 'canceled'].includes(job.status)) {
        this.#flowRecords += job.numSuccess;
        if (job.status !== 'completed') tally.note(`job: ${job.status} ${job.errors?.[0]?.code ?? ''}`);
        else if (job.numSuccess !== FLOW_RECORDS) tally.lose('record of a flow', FLOW_RECORDS - job.numSuccess);
        return;
      }
      await sleep(JOB_POLL_MS);
    }
    tally.note('job: has not ended in time');
  }

  async #upload(): Promise<void> {
    const { tally, client, uploaded } = this.#scene;
    const version = ++this.#version;
    const tarball = uploadOf(version);
    const headers = { 'content-type': 'application/gzip' };
    if (!(await tally.expect('upload', ['200'], () => client('PUT', '/connectors', tarball, headers)))) return;
    const body = { _integrationIds: uploaded.ids };
    const path = `/connectors/${uploaded.connectorId}/update`;
    if (!(await tally.expect('update', ['200'], () => client('PUT', path, body)))) return;
    for (const id of uploaded.ids) {
      const called = await tally.expect('call of an update', ['200'], () => this.#put(id, 'version', {}));
      if (called && called.body !== version) tally.lose('upload');
      const read = await tally.expect('read', ['200'], () => client('GET', `/integrations/${id}`));
      if (read && read.body.version !== versionName(version)) tally.lose('update');
    }
  }

  /** What was acknowledged and has not arrived at the application. */
  async waitingWebhooks(): Promise<number> {
    // Those that are acknowledged while the list is on its way are not in it.
    const acknowledged = [...this.#webhooks];
    const arrived = new Set((await (await fetch(`${this.#scene.applicationUrl}/hooked`)).json()) as number[]);
    return acknowledged.filter((id) => !arrived.has(id)).length;
  }

  /** After the load: whether everything that was acknowledged is there. */
  async check(limitMs: number): Promise<void> {
    const { tally, applicationUrl } = this.#scene;
    for (const writer of this.#writers) await writer.check();
    const until = performance.now() + limitMs;
    let waiting = await this.waitingWebhooks();
    while (waiting > 0 && performance.now() < until) {
      await sleep(JOB_POLL_MS);
      waiting = await this.waitingWebhooks();
    }
    if (waiting > 0) tally.lose('webhook', waiting);
    const received = Number(await (await fetch(`${applicationUrl}/received`)).text());
    if (received < this.#flowRecords) tally.lose('record of a flow', this.#flowRecords - received);
  }

  #put(id: string, name: string, body: object): Promise<Reply> {
    return this.#scene.client('PUT', `/integrations/${id}/settings/${name}`, body);
  }
}
