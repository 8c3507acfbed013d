/** Milliseconds since 1970, by the database's clock unless the parameter has a value. */
export const databaseNow = (parameter: string): string =>
  `coalesce(${parameter}::bigint, (extract(epoch FROM now()) * 1000)::bigint)`;
