/** `include` and `exclude` in a query (contract 3). */
import Type from '#typebox';
import { type Projection, projection } from '../projection.ts';
import type { ApiContext } from './context.ts';
import { queryOf } from './query.ts';

/** Query of operations that return records. */
export const ProjectionQuery = Type.Object({
  include: Type.Optional(Type.String({ description: 'Comma-separated fields to return, in dot notation.' })),
  exclude: Type.Optional(
    Type.String({ description: 'Comma-separated fields to omit. Cannot be combined with `include`.' }),
  ),
});

/** @throws RequestError `invalid_query_params` */
export function projectionOf(ctx: ApiContext): Projection | undefined {
  return projection(queryOf(ctx, 'include'), queryOf(ctx, 'exclude'));
}
