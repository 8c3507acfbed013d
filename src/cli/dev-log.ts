/** What a server tells of one connector and its runs, as lines for its author. */
import { type AskedServer, ask, type ReplyError } from './ask-server.ts';
import type { Output } from './command.ts';
import type { ServerEvent } from './follow-events.ts';

/** What is read of an event's data. */
interface Reported {
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
  readonly fault?: string;
  readonly wallMs?: number;
  readonly errors?: readonly ReplyError[];
  readonly digest?: string;
  /** Origins that are newly asked for. */
  readonly adds?: readonly string[];
}

export class DevLog {
  readonly #out: Output;
  readonly #server: AskedServer;
  readonly #isOurs: (reported: Reported) => boolean;
  readonly #approves: boolean;

  /**
   * @param isOurs whether an event is about the connector that is written
   * @param approves whether to accept at once what it newly asks for
   */
  constructor(out: Output, server: AskedServer, isOurs: (reported: Reported) => boolean, approves: boolean) {
    this.#out = out;
    this.#server = server;
    this.#isOurs = isOurs;
    this.#approves = approves;
  }

  take({ name, data }: ServerEvent): void {
    const reported = data as Reported;
    if (!this.#isOurs(reported)) return;
    switch (name) {
      case 'connector.loaded':
        return this.#say(loadedLine(reported));
      case 'connector.refused':
        return this.#say(refusedLine(reported));
      case 'connector.held':
        return void this.held(reported);
      case 'run.progress':
        return this.#say(`  ${Math.round((reported.fraction ?? 0) * 100)} % ${reported.message}`);
      case 'run.log':
        return this.#say(`  ${(reported.level ?? '').padEnd(5)} ${reported.message}`);
      case 'run.ended':
        return this.#ended(reported);
    }
  }

  /** A version that asks for more than was accepted. */
  async held({ _connectorId, digest, adds = [] }: Reported): Promise<void> {
    const asks = `it newly asks for ${adds.join(', ')}`;
    if (!this.#approves) return this.#say(`Held back until it is approved on the server: ${asks}.`);
    const path = `/v1/connectors/${_connectorId}/approve`;
    try {
      await ask(this.#server, { method: 'POST', path, body: JSON.stringify({ digest }) });
      this.#say(`Accepted, since it is yours: ${asks}.`);
    } catch (error) {
      // A newer version has come meanwhile; or the server is ending.
      this.#say(`Not accepted: ${(error as Error).message}`);
    }
  }

  #say(text: string): void {
    this.#out.write(`${text}\n`);
  }

  #ended(reported: Reported): void {
    const { section, function: name, outcome, fault, wallMs = 0, errors = [] } = reported;
    const how = fault === undefined ? outcome : `${outcome}: ${fault}`;
    this.#say(`${section}.${name} ${how}, ${Math.round(wallMs)} ms`);
    for (const { code, message } of fault === undefined ? errors : []) this.#say(`  ${code}: ${message}`);
    if (outcome !== 'failed') return;
    this.#showStack(reported).catch(() => {
      // The server is ending; what failed has been said.
    });
  }

  /** It stands in the run's record alone. */
  async #showStack({ _integrationId, runId }: Reported): Promise<void> {
    const path = `/v1/integrations/${_integrationId}/runs/${runId}`;
    const { stack = '' } = (await (await ask(this.#server, { method: 'GET', path })).json()) as { stack?: string };
    const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
    if (frames.length > 0) this.#say(frames.join('\n'));
  }
}

export const loadedLine = ({ name, version }: Reported): string => `Loaded ${name} ${version}.`;
export const refusedLine = ({ folder, errors = [] }: Reported): string =>
  `Refused ${folder}: ${errors.map(({ message }) => message).join('; ')}`;
