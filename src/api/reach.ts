/** Restricts access tokens of the scope `integrations`. They learn nothing about other integrations, not even whether they exist. */
import { requestError } from '../errors.ts';
import type { Service } from '../integration/service.ts';
import type { Document } from '../store/document.ts';
import { compareSortKeys, type SortKey, sortKeyOf } from '../store/stored.ts';
import type { ApiContext } from './context.ts';

/** The integrations that an access token may use; undefined for all. A run is restricted by its grant. */
export const reachOf = ({ state: { token } }: ApiContext): ReadonlySet<string> | undefined => token?.integrationIds;

/** @throws RequestError `access_restricted`, whether or not the integration exists */
export function assertInReach(ctx: ApiContext, integrationId: string): void {
  if (reachOf(ctx)?.has(integrationId) === false) throw requestError('access_restricted');
}

/** The documents that the caller may read, oldest first, after a sort key. */
export async function* documentsInReach(
  ctx: ApiContext,
  { store }: Service,
  after?: SortKey,
  count?: number,
): AsyncGenerator<Document> {
  const reach = reachOf(ctx);
  if (!reach) return yield* store.documents(after, count);
  const sortKeys: SortKey[] = [];
  for (const id of reach) {
    const document = await store.get(id);
    const sortKey = document && sortKeyOf(document.integration.head);
    if (sortKey && (!after || compareSortKeys(sortKey, after) > 0)) sortKeys.push(sortKey);
  }
  // Read one by one again, because together they may be large.
  for (const [, id] of sortKeys.sort(compareSortKeys)) {
    const document = await store.get(id);
    if (document) yield document;
  }
}

/** Connectors of the integrations that the caller may use; undefined for all. */
export async function connectorsInReach(ctx: ApiContext, service: Service): Promise<ReadonlySet<string> | undefined> {
  if (!reachOf(ctx)) return undefined;
  const ids = new Set<string>();
  for await (const { integration } of documentsInReach(ctx, service)) {
    const { _connectorId } = integration.head;
    if (typeof _connectorId === 'string') ids.add(_connectorId);
  }
  return ids;
}

/** Whether the caller has the operator's authority over OAuth clients. */
export const mayChooseClient = ({ state: { grant, token } }: ApiContext): boolean =>
  grant === undefined && (token === undefined || token.scope === 'full');
