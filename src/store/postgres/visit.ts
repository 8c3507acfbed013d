/** A database as commands use it: beside the nodes, and without being one. */
import { randomBytes } from 'node:crypto';
import { ADMIN_TOKEN } from '../admin-token-hash.ts';
import type { DocumentCheck } from '../document-check.ts';
import { Database, type Statement } from './database.ts';
import { SECRET_KEY } from './key-store.ts';
import { stepNames, unknownSteps } from './migrations.ts';
import { SILENCE_MS } from './node-registry.ts';
import { type OpenedPostgres, openDatabase, storageOf } from './storage.ts';

/** Opens the storage for a command: it locks nothing, and takes over nothing of a dead node. @throws StoreError */
export async function visitPostgres(url: string, check?: DocumentCheck): Promise<OpenedPostgres> {
  const opened = await openDatabase(url, { node: `command-${randomBytes(8).toString('hex')}`, check });
  return { storage: storageOf(opened), keys: opened.keys };
}

export interface DatabaseFacts {
  /** Such as `18.1`. */
  readonly version: string;
  /** The database's clock. */
  readonly now: Date;
  /** Undefined before the first start. */
  readonly schema?: {
    /** Steps that the next start runs. */
    readonly pending: readonly string[];
    /** Steps of a newer version of this program. */
    readonly unknown: readonly string[];
    readonly integrations: number;
    /** Names of the nodes that are alive. */
    readonly nodes: readonly string[];
    /** It has the key that a node made. */
    readonly hasKey: boolean;
    readonly hasToken: boolean;
  };
}

const about: Statement = {
  text: `
    SELECT current_setting('server_version') AS version, clock_timestamp() AS now,
      to_regclass('bulkhead.integrations') IS NOT NULL AND to_regclass('bulkhead.settings') IS NOT NULL AS has_schema`,
};

const contents: Statement = {
  text: `
    SELECT
      (SELECT count(*)::int FROM bulkhead.integrations) AS integrations,
      (SELECT coalesce(array_agg(name ORDER BY name), '{}') FROM bulkhead.nodes
        WHERE seen >= clock_timestamp() - interval '${SILENCE_MS} milliseconds') AS nodes,
      EXISTS (SELECT FROM bulkhead.settings WHERE name = $1) AS "hasKey",
      EXISTS (SELECT FROM bulkhead.settings WHERE name = $2) AS "hasToken",
      (SELECT coalesce(array_agg(name), '{}') FROM bulkhead.kysely_migration) AS steps`,
};

/** Looks at a database without changing it. @throws StoreError */
export async function inspectPostgres(url: string): Promise<DatabaseFacts> {
  const database = await Database.openAsIs(url);
  try {
    type About = { version: string; now: Date; has_schema: boolean };
    const [found] = (await database.query<About>(about)) as [About];
    const [version = ''] = found.version.split(' ');
    if (!found.has_schema) return { version, now: found.now };
    type Contents = Omit<NonNullable<DatabaseFacts['schema']>, 'pending' | 'unknown'> & {
      readonly steps: readonly string[];
    };
    const [{ steps, ...schema }] = (await database.query<Contents>(contents, [SECRET_KEY, ADMIN_TOKEN])) as [Contents];
    const pending = stepNames.filter((name) => !steps.includes(name));
    const unknown = unknownSteps(steps);
    return { version, now: found.now, schema: { ...schema, pending, unknown } };
  } finally {
    await database.close();
  }
}
