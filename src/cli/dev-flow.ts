/** Runs a flow of the connector after each build. */
import type { Output } from './command.ts';
import { findFlow, firstErrors, jobLines, runFlow } from './flow-job.ts';
import type { ServerTarget } from './server-client.ts';

/** One job at a time, and another if the connector was reloaded meanwhile. */
export class DevFlow {
  readonly #out: Output;
  readonly #server: ServerTarget;
  readonly #wanted: string;
  #running: Promise<void> | undefined;
  #isRequested = false;

  /** @param wanted name or id */
  constructor(out: Output, server: ServerTarget, wanted: string) {
    this.#out = out;
    this.#server = server;
    this.#wanted = wanted;
  }

  run(connectorId: string | undefined): void {
    if (connectorId === undefined) return;
    this.#isRequested = true;
    this.#running ??= this.#runWhileRequested(connectorId).finally(() => {
      this.#running = undefined;
    });
  }

  async idle(): Promise<void> {
    await this.#running;
  }

  async #runWhileRequested(connectorId: string): Promise<void> {
    while (this.#isRequested && !this.#server.signal.aborted) {
      this.#isRequested = false;
      try {
        const flow = await findFlow(this.#server, this.#wanted, `_connectorId=${connectorId}`);
        const job = await runFlow(this.#server, flow, {});
        const lines = jobLines(flow, job, await firstErrors(this.#server, job));
        this.#out.write(`${lines.join('\n')}\n`);
      } catch (error) {
        // If the command is stopping, so is the server.
        if (!this.#server.signal.aborted) this.#out.write(`Not run: ${(error as Error).message}\n`);
      }
    }
  }
}
