/** Asks other nodes to end their runs. The request is stored with the run, in case the notification is lost. */
import type { SharedCancellations } from '../shared.ts';
import type { Database, Statement } from './database.ts';
import { CHANNEL } from './listener.ts';

const request: Statement = {
  name: 'cancellations-request',
  text: `
    WITH requested AS (UPDATE bulkhead.running_runs SET is_cancelled = true WHERE integration = $1 AND id = $2)
    SELECT pg_notify('${CHANNEL}', 'cancellations')`,
};

/** Cancelled runs that a node ($1) has not ended yet. */
const requested: Statement = {
  name: 'cancellations-requested',
  text: 'SELECT integration, id FROM bulkhead.running_runs WHERE node = $1 AND is_cancelled',
};

export class PostgresCancellations implements SharedCancellations {
  readonly #database: Database;
  readonly #node: string;
  #onRequest: (integrationId: string, runId: string) => void = () => {};

  constructor(database: Database, node: string) {
    this.#database = database;
    this.#node = node;
  }

  async request(integrationId: string, runId: string): Promise<void> {
    await this.#database.query(request, [integrationId, runId]);
  }

  subscribe(onRequest: (integrationId: string, runId: string) => void): void {
    this.#onRequest = onRequest;
  }

  /** Looks for requests of other nodes. @throws StoreError */
  async poll(): Promise<void> {
    const rows = await this.#database.query<{ integration: string; id: string }>(requested, [this.#node]);
    for (const { integration, id } of rows) this.#onRequest(integration, id);
  }
}
