/** Tokens and bundles of several nodes on one PostgreSQL database. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { resolveAdminToken } from '../../../src/admin-token.ts';
import { newId } from '../../support/documents.ts';
import { newDatabase, nodeOn, rowsOf } from '../../support/postgres-nodes.ts';

test("nodes that start together agree on the administrator's token, and one shows it", async () => {
  const url = await newDatabase();
  const nodes = await Promise.all(['one', 'two', 'three'].map((node) => nodeOn(url, { node })));
  const resolved = await Promise.all(nodes.map(({ tokens }) => resolveAdminToken(tokens, undefined)));
  expect(new Set(resolved.map(({ hash }) => hash)).size).toBe(1);
  expect(resolved.filter(({ newToken }) => newToken !== undefined)).toHaveLength(1);
});

test('a damaged token hash is an error', async () => {
  const url = await newDatabase();
  const { tokens } = await nodeOn(url, { node: 'one' });
  await rowsOf(url, `INSERT INTO bulkhead.settings VALUES ('admin-token-sha256', 'none')`);
  await expect(tokens.adminTokenHash()).rejects.toMatchObject({ code: 'store_unavailable' });
  await expect(tokens.ensureAdminTokenHash('a'.repeat(64))).rejects.toMatchObject({ code: 'store_unavailable' });
});

test('bundles of any size are the same on another node', async () => {
  const url = await newDatabase();
  const [one, two] = [await nodeOn(url, { node: 'one' }), await nodeOn(url, { node: 'two' })];
  const mebibyte = 1024 * 1024;
  for (const size of [1, mebibyte - 1, mebibyte, mebibyte + 1, 3 * mebibyte + 5]) {
    const [id, digest, tarball] = [newId(), `sha256-${size}`, randomBytes(size)];
    await one.bundles.write(id, digest, tarball);
    expect((await two.bundles.read(id, digest)).equals(tarball)).toBe(true);
    expect((await two.bundles.list())[0]).toEqual({ connectorId: id, digest });
  }
});
