import { defineConnector, type RunOptions } from 'bulkhead/sdk';
import { acceptOrders } from './hooks.ts';
import { ledger, ordersFlow, ordersImport, ordersWebhook } from './records.ts';
import { ask, connectionOf, create } from './server.ts';

const SECRET_CHARS = 16;

export default defineConnector({
  installer: {
    /** Called once, before the first step. If it fails, nothing is stored. */
    async createConnection() {
      const _connectionId = await create('connections', ledger);
      return { stepsToUpdate: [{ installerFunction: 'connectLedger', _connectionId }] };
    },

    async connectLedger({ _integrationId }) {
      const response = await ask(await connectionOf(_integrationId, 'connectLedger'), '/me');
      if (!response.ok) throw new Error(`The ledger refuses the token, or does not answer (${response.status}).`);
      return { success: true };
    },

    /** The values of the step's form are the body of the call. */
    async createWebhook({ _integrationId, secret }: RunOptions<{ secret?: string }>) {
      if (typeof secret !== 'string' || secret.length < SECRET_CHARS) {
        throw new Error(`The signing secret has at least ${SECRET_CHARS} characters.`);
      }
      // Part of the address. The signature proves that the shop is the sender.
      const token = crypto.randomUUID();
      const exportId = await create('exports', ordersWebhook(token, secret));
      const importId = await create('imports', ordersImport(await connectionOf(_integrationId, 'connectLedger')));
      await create('flows', ordersFlow(exportId, importId));
      const address = `/v1/exports/${exportId}/${token}/data`;
      return {
        success: true,
        stepsToUpdate: [
          { installerFunction: 'createWebhook', description: `Address for the shop, on this server: ${address}` },
        ],
      };
    },
  },

  hooks: { acceptOrders },
});
