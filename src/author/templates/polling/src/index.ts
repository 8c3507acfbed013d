import { progress } from 'bulkhead';
import { defineConnector, type StepReply } from 'bulkhead/sdk';
import { addCustomer, dropDrafts, explainRefusals } from './hooks.ts';
import { ledger, ordersExport, ordersFlow, ordersImport, shop } from './records.ts';
import { ask, change, connectionOf, create, flowsOf } from './server.ts';

/** Completes a step if the application accepts the credentials that the user has entered. */
async function testConnection(integrationId: string, step: string): Promise<StepReply> {
  const response = await ask(await connectionOf(integrationId, step), '/me');
  if (!response.ok) throw new Error(`The application refuses the token, or does not answer (${response.status}).`);
  return { success: true };
}

export default defineConnector({
  installer: {
    /** Called once, before the first step. If it fails, nothing is stored. */
    async createRecords() {
      progress(0.2, 'Creating the connections');
      const [shopId, ledgerId] = [await create('connections', shop), await create('connections', ledger)];
      progress(0.6, 'Creating the flow');
      const exportId = await create('exports', ordersExport(shopId));
      const importId = await create('imports', ordersImport(ledgerId));
      await create('flows', ordersFlow(exportId, importId));
      return {
        stepsToUpdate: [
          { installerFunction: 'connectShop', _connectionId: shopId },
          { installerFunction: 'connectLedger', _connectionId: ledgerId },
        ],
      };
    },

    connectShop: ({ _integrationId }) => testConnection(_integrationId, 'connectShop'),
    connectLedger: ({ _integrationId }) => testConnection(_integrationId, 'connectLedger'),

    async startSync({ _integrationId }) {
      for (const id of await flowsOf(_integrationId)) await change('flows', id, 'disabled', false);
      return { success: true };
    },
  },

  hooks: { dropDrafts, addCustomer, explainRefusals },
});
