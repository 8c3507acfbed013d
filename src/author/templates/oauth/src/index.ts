import { defineConnector, type RunOptions } from 'bulkhead/sdk';
import { ask, connectionOf, create } from './server.ts';

/** Signs in as a user. The server obtains, renews and stores the tokens: connector code never sees them. */
const shop = (_iClientId: string) => ({
  name: 'Shop',
  type: 'http',
  http: {
    baseURI: 'https://shop.example.com',
    ping: { relativeURI: '/me' },
    auth: { type: 'oauth', oauth: { _iClientId, grantType: 'authorizecode', scope: ['orders.read'] } },
  },
});

type Order = { id: string; total: number };

export default defineConnector({
  installer: {
    /** The values of the step's form are the body of the call. The next step shows a button to sign in. */
    async createConnection({ iClientId }: RunOptions<{ iClientId?: string }>) {
      const id = String(iClientId ?? '').trim();
      if (!/^[0-9a-f]{24}$/.test(id)) throw new Error('The id of an OAuth client has 24 hex digits.');
      const _connectionId = await create('connections', shop(id));
      return { success: true, stepsToUpdate: [{ installerFunction: 'testConnection', _connectionId }] };
    },

    async testConnection({ _integrationId }) {
      const response = await ask(await connectionOf(_integrationId, 'testConnection'), '/me');
      if (!response.ok) throw new Error(`Sign in to the shop first (it answered ${response.status}).`);
      const { name } = (await response.json()) as { name: string };
      return {
        success: true,
        stepsToUpdate: [{ installerFunction: 'testConnection', description: `Signed in as ${name}.` }],
      };
    },
  },

  utilities: {
    /** The newest orders of the signed-in user. */
    async listOrders({ _integrationId, status = 'paid' }: RunOptions<{ status?: string }>) {
      const connectionId = await connectionOf(_integrationId, 'testConnection');
      const response = await ask(connectionId, `/orders?status=${encodeURIComponent(status)}`);
      if (!response.ok) throw new Error(`The shop does not list its orders (${response.status}).`);
      const { orders } = (await response.json()) as { orders: Order[] };
      return { orders: orders.map(({ id, total }) => ({ id, total })) };
    },
  },
});
