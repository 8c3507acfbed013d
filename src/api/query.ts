/** Query parameters. */
import { requestError } from '../errors.ts';
import type { ApiContext } from './context.ts';
import { instantOf } from './instant.ts';

export const badQuery = (message: string): Error => requestError('invalid_query_params', { message });

/** A query parameter's value. @throws RequestError if it is given more than once */
export function queryOf(ctx: ApiContext, name: string): string | undefined {
  const value = ctx.query[name];
  if (Array.isArray(value)) throw badQuery(`${name} is given more than once`);
  return value;
}

/** A date in a query parameter, in its stored form. @throws RequestError if it is not a date */
export function dateQueryOf(ctx: ApiContext, name: string): string | undefined {
  const text = queryOf(ctx, name);
  const instant = text === undefined ? undefined : instantOf(text);
  if (text !== undefined && instant === undefined)
    throw badQuery(`${name} must be a date such as 2030-12-31T23:59:59Z`);
  return instant;
}
