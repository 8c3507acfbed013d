/** Query parameters. */
import { requestError } from '../errors.ts';
import type { ApiContext } from './context.ts';

export const badQuery = (message: string): Error => requestError('invalid_query_params', { message });

/** A query parameter's value. @throws RequestError if it is given more than once */
export function queryOf(ctx: ApiContext, name: string): string | undefined {
  const value = ctx.query[name];
  if (Array.isArray(value)) throw badQuery(`${name} is given more than once`);
  return value;
}
