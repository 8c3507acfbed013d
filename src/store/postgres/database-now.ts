/** Milliseconds since 1970: the parameter, or by default the database's clock. */
export const databaseNow = (parameter: string): string =>
  `coalesce(${parameter}::bigint, (extract(epoch FROM now()) * 1000)::bigint)`;
