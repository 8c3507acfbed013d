/** Query parameters of lists: filters, and unknown parameters. */
import { describe, expect, test } from 'vitest';
import { recordKinds } from '../../src/store/stored.ts';
import { errorsOf } from '../support/client.ts';
import { connectorIdOf, installed, serveForAll } from '../support/runtime.ts';

const served = serveForAll({ one: { code: '' } });

describe('query parameters of lists', () => {
  test.each([
    ['/integrations', '_conectorId=x', '_conectorId'],
    ['/integrations', 'externalId=x', 'externalId'],
    ['/connections', 'integrationId=x', 'integrationId'],
    ['/exports', 'limit=1&Type=x', 'Type'],
    ['/imports', 'sort=name', 'sort'],
    ['/flows', '__proto__=x', '__proto__'],
    ['/connectors', 'status=ready', 'status'],
    ['/tiles', 'tag=x', 'tag'],
    ['/v1/exports', `${'x'.repeat(5_000)}=1`, 'x'.repeat(100)],
  ])('%s?%.30s is refused by name', async (path, query, name) => {
    const { client } = served();
    const reply = await client('GET', `${path}?${query}`);
    expect([reply.status, errorsOf(reply)]).toEqual([400, [['invalid_query_params']]]);
    expect(reply.body.errors[0].message).toContain(JSON.stringify(name));
    expect(reply.body.errors[0].message.length).toBeLessThan(300);
  });

  test('runs and the install base refuse unknown ones too', async () => {
    const { client } = served();
    const id = await installed(client, 'one');
    const connectorId = await connectorIdOf(client, 'one');
    for (const path of [`/integrations/${id}/runs`, `/connectors/${connectorId}/installBase`]) {
      expect((await client('GET', `${path}?limit=1`)).status).toBe(200);
      expect(errorsOf(await client('GET', `${path}?limits=1`))).toEqual([['invalid_query_params']]);
    }
  });

  test('records are found by name and by externalId', async () => {
    const { client } = served();
    const { _id } = (await client('POST', '/integrations', { name: 'i' })).body;
    for (const kind of recordKinds) {
      for (const [name, externalId] of [
        ['a', 'x'],
        ['a', 'y'],
        ['b', 'x'],
      ]) {
        await client('POST', `/${kind}`, { _integrationId: _id, name, externalId });
      }
      const found = async (query: string): Promise<string[]> =>
        (await client('GET', `/${kind}?${query}`)).body.map(
          (record: { name: string; externalId: string }) => record.name + record.externalId,
        );
      expect(await found('name=a')).toEqual(['ax', 'ay']);
      expect(await found('externalId=x')).toEqual(['ax', 'bx']);
      expect(await found(`externalId=x&name=b&_integrationId=${_id}`)).toEqual(['bx']);
      expect(await found('name=A')).toEqual([]);
    }
  });
});
