/** What is called what in the data folder. Pure. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

export const DOCUMENT_SUFFIX = '.json';
const LOG_NAME = /^commits-(\d{1,15})\.log$/;

export const integrationsFolder = (dataFolder: string): string => join(dataFolder, 'integrations');

export const documentPath = (dataFolder: string, integrationId: string): string =>
  join(integrationsFolder(dataFolder), integrationId + DOCUMENT_SUFFIX);

/** Encrypts credentials at rest, unless the operator has given a key. */
export const KEY_FILE = 'secret-key';
/** Runs, idempotency keys, granted permissions and tokens. */
export const DATABASE_FILE = 'bulkhead.sqlite';
/** The bundles that connectors served last. */
export const bundlesFolder = (dataFolder: string): string => join(dataFolder, 'connectors');

export const logPath = (dataFolder: string, number: number): string => join(dataFolder, `commits-${number}.log`);

/** Nothing, of a file that is no log. */
export function logNumberOf(name: string): number | undefined {
  const [, number] = LOG_NAME.exec(name) ?? [];
  return number === undefined ? undefined : Number(number);
}

/** Where what is damaged goes. */
export const quarantinePath = (name: string): string => `${name}.${randomUUID()}.damaged`;
