/** `/audit`: who changed what, and when (contract 15). */
import Type from '#typebox';
import { AuditEntry } from '../store/audit.ts';
import type { AuditQuery, AuditStore } from '../store/storage.ts';
import { ObjectId } from '../store/stored.ts';
import type { AuditLog } from './audit-log.ts';
import type { ApiContext } from './context.ts';
import { asText, replyList } from './paging.ts';
import { badQuery, dateQueryOf, queryOf } from './query.ts';
import { listOf, listQuery } from './replies.ts';
import { type Route, route } from './route.ts';

const AuditFilters = Type.Object({
  _resourceId: Type.Optional(ObjectId),
  from: Type.Optional(Type.String({ description: 'Entries from this date on, ISO 8601.' })),
  to: Type.Optional(Type.String({ description: 'Entries before this date.' })),
  order: Type.Optional(Type.Enum(['asc', 'desc'], { description: '`desc`: newest first.' })),
});

export const auditRoutes: readonly Route[] = [
  route.get('/audit', {
    scope: 'full',
    tag: 'tokens',
    summary: 'Lists who changed what, oldest first',
    description: 'The newest 10,000 entries of people, and of each connector. Values of fields are not included.',
    query: [...listQuery, AuditFilters],
    replies: listOf(AuditEntry, 'A page of entries.'),
    async handle(ctx, { audit, publicUrl }) {
      const newestFirst = orderOf(ctx) === 'desc';
      const resourceId = queryOf(ctx, '_resourceId');
      const filter = { newestFirst, resourceId, from: dateQueryOf(ctx, 'from'), to: dateQueryOf(ctx, 'to') };
      await replyList(ctx, {
        source: (after, limit) => entriesOf(audit, { ...filter, after, limit }),
        isDescending: newestFirst,
        sortKeyOf: ({ time, _id }) => [time, _id],
        show: (entry, projection) => asText(entry, projection),
        publicUrl: publicUrl(),
      });
    },
  }),
];

async function* entriesOf(
  audit: AuditLog,
  query: AuditQuery,
): AsyncGenerator<Awaited<ReturnType<AuditStore['list']>>[0]> {
  yield* await audit.list(query);
}

function orderOf(ctx: ApiContext): string {
  const order = queryOf(ctx, 'order') ?? 'asc';
  if (order !== 'asc' && order !== 'desc') throw badQuery('order must be asc or desc');
  return order;
}
