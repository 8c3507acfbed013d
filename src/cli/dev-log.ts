/** Prints a server's events about one connector and its runs for the author. */

import type { Output } from './command.ts';
import type { ServerEvent } from './follow-events.ts';
import { runOf, stackFrames } from './run-record.ts';
import { type ReplyError, requestOk, type ServerTarget } from './server-client.ts';

/** The parts of an event's data that are used. */
interface EventData {
  readonly _connectorId?: string;
  readonly _integrationId?: string;
  readonly runId?: string;
  readonly name?: string;
  readonly folder?: string;
  readonly version?: string;
  readonly section?: string;
  readonly function?: string;
  readonly level?: string;
  readonly message?: string;
  readonly fraction?: number;
  readonly outcome?: string;
  readonly wallMs?: number;
  readonly errors?: readonly ReplyError[];
  readonly digest?: string;
  /** Newly requested origins. */
  readonly adds?: readonly string[];
}

export class DevLog {
  readonly #out: Output;
  readonly #server: ServerTarget;
  readonly #isOurs: (event: EventData) => boolean;
  readonly #autoApprove: boolean;

  /**
   * @param isOurs whether an event is about this connector
   * @param autoApprove whether to grant new permissions at once
   */
  constructor(out: Output, server: ServerTarget, isOurs: (event: EventData) => boolean, autoApprove: boolean) {
    this.#out = out;
    this.#server = server;
    this.#isOurs = isOurs;
    this.#autoApprove = autoApprove;
  }

  handle({ name, data }: ServerEvent): void {
    const event = data as EventData;
    if (!this.#isOurs(event)) return;
    switch (name) {
      case 'connector.loaded':
        return this.#print(loadedLine(event));
      case 'connector.refused':
        return this.#print(refusedLine(event));
      case 'connector.held':
        return void this.onHeld(event);
      case 'run.progress':
        return this.#print(`  ${Math.round((event.fraction ?? 0) * 100)} % ${event.message}`);
      case 'run.log':
        return this.#print(`  ${(event.level ?? '').padEnd(5)} ${event.message}`);
      case 'run.ended':
        return this.#printRun(event);
    }
  }

  /** A version requests new permissions. */
  async onHeld({ _connectorId, digest, adds = [] }: EventData): Promise<void> {
    const asks = `it requests ${adds.join(', ')}`;
    if (!this.#autoApprove) return this.#print(`Waiting for approval on the server: ${asks}.`);
    const path = `/v1/connectors/${_connectorId}/approve`;
    try {
      await requestOk(this.#server, { method: 'POST', path, body: JSON.stringify({ digest }) });
      this.#print(`Approved automatically: ${asks}.`);
    } catch (error) {
      // A newer version has arrived meanwhile, or the server is stopping.
      this.#print(`Not approved: ${(error as Error).message}`);
    }
  }

  #print(text: string): void {
    this.#out.write(`${text}\n`);
  }

  #printRun(event: EventData): void {
    const { section, function: name, outcome, wallMs = 0, errors = [] } = event;
    this.#print(`${section}.${name} ${outcome}, ${Math.round(wallMs)} ms`);
    for (const { code, message } of errors) this.#print(`  ${code}: ${message}`);
    if (outcome !== 'failed') return;
    this.#showStack(event).catch(() => {
      // The server is stopping; the error itself has been printed.
    });
  }

  /** Only the run's record has the stack. */
  async #showStack({ _integrationId, runId }: EventData): Promise<void> {
    const { stack = '' } = await runOf(this.#server, String(_integrationId), String(runId));
    const frames = stackFrames(stack);
    if (frames.length > 0) this.#print(frames.join('\n'));
  }
}

export const loadedLine = ({ name, version }: EventData): string => `Loaded ${name} ${version}.`;
export const refusedLine = ({ folder, errors = [] }: EventData): string =>
  `Refused ${folder}: ${errors.map(({ message }) => message).join('; ')}`;
