/** The sections in copying order: the key before what it seals, data that is not synced before data that is. */
import type { StoredOAuthClient, StoredReply, StoredRequest, StoredRun } from '../storage.ts';
import { bundles, permissions } from './bundles.ts';
import { documents } from './documents.ts';
import { CopyError, jsonItem, type Section } from './item.ts';
import { jobs, messages } from './jobs.ts';
import { accessTokens, audit } from './tokens.ts';

const secretKey: Section<string> = {
  name: 'secretKey',
  async *list({ keys }) {
    const key = await keys.read();
    if (key !== undefined) yield jsonItem([''], key);
  },
  async write({ keys }, items) {
    for (const { content } of items) {
      if ((await keys.add(content)) !== content) throw new CopyError('store_changed', 'A key was stored meanwhile.');
    }
  },
};

const adminToken: Section<string> = {
  name: 'adminToken',
  async *list({ storage }) {
    const tokenHash = await storage.tokens.adminTokenHash();
    if (tokenHash !== undefined) yield jsonItem([''], tokenHash);
  },
  async write({ storage }, items) {
    for (const { content } of items) await storage.tokens.setAdminTokenHash(content);
  },
};

/** Copies row by row. Running runs are listed as cut off, because no server uses the source. */
const runs: Section<readonly StoredRun[]> = {
  name: 'runs',
  async *list({ storage }) {
    for (const integrationId of (await storage.runs.integrationIds()).sort()) {
      for await (const row of storage.runs.rowsOf(integrationId)) {
        const newest =
          row
            .map(({ _id }) => _id)
            .sort()
            .at(-1) ?? '';
        yield jsonItem([integrationId, newest], row, row.length);
      }
    }
  },
  async write({ storage }, items) {
    await storage.runs.write({ ended: items.map(({ content }) => content) });
  },
};

const idempotencyKeys: Section<StoredRequest> = {
  name: 'idempotencyKeys',
  async *list({ storage }) {
    for await (const request of storage.idempotency.all()) yield jsonItem([request.key], inOrder(request));
  },
  async write({ storage }, items) {
    await storage.idempotency.put(items.map(({ content }) => content));
  },
};

/** Property order differs between engines, and would change the digest. */
function inOrder({ key, at, request, creation, reply }: StoredRequest): StoredRequest {
  const { kind, id, status } = creation;
  const ordered = { key, at, request, creation: { kind, id, status } };
  return reply ? { ...ordered, reply: replyInOrder(reply) } : ordered;
}

const replyInOrder = ({ status, headers, body }: StoredReply): StoredReply => ({ status, headers, body });

const oauthClients: Section<StoredOAuthClient> = {
  name: 'oauthClients',
  async *list({ storage }) {
    for (const record of await storage.oauthClients.all()) yield jsonItem([record._id], record);
  },
  async write({ storage }, items) {
    for (const { content } of items) await storage.oauthClients.put(content);
  },
};

export const sections: readonly Section[] = [
  secretKey,
  permissions,
  bundles,
  runs,
  idempotencyKeys,
  audit,
  documents,
  jobs,
  messages,
  oauthClients,
  accessTokens,
  adminToken,
];
