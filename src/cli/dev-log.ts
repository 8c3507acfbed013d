/** The log of `dev`'s own server, as lines for its author. */
import type { DestinationStream } from 'pino';
import type { ErrorItem } from '../errors.ts';
import { type AskedServer, ask } from './ask-server.ts';
import type { Output } from './command.ts';

/** What is read of the server's log lines; the rest is not the author's. */
interface Line {
  readonly event?: string;
  readonly level: number | string;
  readonly msg?: string;
  readonly folder?: string;
  readonly version?: string;
  readonly errors?: readonly ErrorItem[];
  readonly runId?: string;
  readonly integrationId?: string;
  readonly section?: string;
  readonly name?: string;
  readonly status?: string;
  readonly fault?: string;
  readonly wallMs?: number;
}

const ERROR_LEVEL = 50;

export class DevLog implements DestinationStream {
  readonly #out: Output;
  #server: AskedServer | undefined;

  constructor(out: Output) {
    this.#out = out;
  }

  /** The stacks of failed runs stand in their records. */
  askForErrors(server: AskedServer): void {
    this.#server = server;
  }

  write(text: string): void {
    const line = JSON.parse(text) as Line;
    switch (line.event) {
      case 'connector_loaded':
        return this.#say(`Loaded ${line.folder} ${line.version}.`);
      case 'connector_refused':
        return this.#say(`Refused ${line.folder}: ${(line.errors ?? []).map(({ message }) => message).join('; ')}`);
      case 'connector_log':
        // A line of a connector has its level in the place of pino's.
        return this.#say(`  ${String(line.level).padEnd(5)} ${line.msg}`);
      case 'run_ended':
        return this.#ended(line);
      default:
        if (typeof line.level === 'number' && line.level >= ERROR_LEVEL) this.#say(`! ${line.msg}`);
    }
  }

  #say(text: string): void {
    this.#out.write(`${text}\n`);
  }

  #ended(line: Line): void {
    const { section, name, status, fault, wallMs = 0 } = line;
    const how = fault === undefined ? status : `${status}: ${fault}`;
    this.#say(`${section}.${name} ${how}, ${Math.round(wallMs)} ms`);
    if (status === 'failed' && this.#server) {
      this.#showErrors(this.#server, line).catch(() => {
        // The server is ending; what failed has been said.
      });
    }
  }

  async #showErrors(server: AskedServer, { integrationId, runId }: Line): Promise<void> {
    const response = await ask(server, { method: 'GET', path: `/v1/integrations/${integrationId}/runs/${runId}` });
    const { errors = [], stack } = (await response.json()) as { errors?: readonly ErrorItem[]; stack?: string };
    for (const { code, message } of errors) this.#say(`  ${code}: ${message}`);
    // Its first line is the message again.
    const frames = stack?.split('\n').filter((frame) => /^\s+at /.test(frame)) ?? [];
    if (frames.length > 0) this.#say(frames.join('\n'));
  }
}
