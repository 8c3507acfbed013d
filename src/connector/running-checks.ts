/** The checks in progress, at most one for each connector id. A bundle under check already holds its id. */
import type { Connector } from './bundle.ts';

interface RunningCheck {
  readonly connector: Connector;
  /** Never rejects. */
  readonly done: Promise<void>;
}

export class RunningChecks {
  readonly #running = new Map<string, RunningCheck>();

  /** The bundle being checked under an id. */
  of(connectorId: string): Connector | undefined {
    return this.#running.get(connectorId)?.connector;
  }

  /** Settles when the check in progress under an id, if any, has ended. */
  async ended(connectorId: string): Promise<void> {
    await this.#running.get(connectorId)?.done;
  }

  /** Settles when all checks that are in progress now have ended. */
  async allEnded(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  /** @param check must not reject; the id is free again when it has settled, and then `onEnd` is called */
  start(connector: Connector, check: () => Promise<void>, onEnd: () => void): void {
    const { _id } = connector;
    const running: RunningCheck = {
      connector,
      done: check().finally(() => {
        if (this.#running.get(_id) === running) this.#running.delete(_id);
        onEnd();
      }),
    };
    this.#running.set(_id, running);
  }
}
