/** `include` and `exclude` in a query (contract 3). */
import Type from '#typebox';
import { type Projection, projection } from '../projection.ts';
import type { ApiContext } from './context.ts';
import { queryOf } from './query.ts';

/** Query of everything that replies records. */
export const ProjectionQuery = Type.Object({
  include: Type.Optional(Type.String({ description: 'Fields to reply, with commas between, in dot notation.' })),
  exclude: Type.Optional(Type.String({ description: 'Fields to leave out; not together with `include`.' })),
});

/** @throws RequestError `invalid_query_params` */
export function projectionOf(ctx: ApiContext): Projection | undefined {
  return projection(queryOf(ctx, 'include'), queryOf(ctx, 'exclude'));
}
