/** A job whose connection no provider issues tokens for (contract 14 and 16). */
import { expect, test, vi } from 'vitest';
import { connect, connection, proxy, startScene, WAIT } from '../support/oauth-scene.ts';
import { runToEnd } from './scene.ts';

test('ends at once, as offline; a job before that completes', async () => {
  const scene = await startScene({ tokenSeconds: 1 });
  const { client, provider, integrationId: _integrationId } = scene;
  const _connectionId = await connection(scene);
  await connect(scene, _connectionId);
  const created = async (kind: string, fields: object): Promise<string> =>
    (await client('POST', `/${kind}`, { _integrationId, name: 'orders', ...fields })).body._id;
  const _exportId = await created('exports', { _connectionId, http: { method: 'GET', relativeURI: '/orders' } });
  const flowId = await created('flows', { pageGenerators: [{ _exportId }] });
  expect((await runToEnd(client, flowId)).status).toBe('completed');
  for (const token of provider.secrets) await (await provider.provider.RefreshToken.find(token))?.destroy();
  await vi.waitFor(async () => expect((await proxy(client, _connectionId)).status).toBe(502), WAIT);
  const job = await runToEnd(client, flowId);
  expect([job.status, job.errors?.[0].code]).toEqual(['failed', 'connection_offline']);
  expect((await client('GET', `/connections/${_connectionId}`)).body.offline).toBe(true);
});
