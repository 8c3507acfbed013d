/** File names in the data folder. Pure. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

export const DOCUMENT_SUFFIX = '.json';
const LOG_NAME = /^commits-(\d{1,15})\.log$/;

export const integrationsFolder = (dataFolder: string): string => join(dataFolder, 'integrations');

export const documentPath = (dataFolder: string, integrationId: string): string =>
  join(integrationsFolder(dataFolder), integrationId + DOCUMENT_SUFFIX);

/** The key that encrypts credentials at rest, unless the operator configures one. */
export const KEY_FILE = 'secret-key';
/** Runs, idempotency keys, granted permissions and tokens. */
export const DATABASE_FILE = 'bulkhead.sqlite';
/** The bundle that each connector last served. */
export const bundlesFolder = (dataFolder: string): string => join(dataFolder, 'connectors');

export const logPath = (dataFolder: string, number: number): string => join(dataFolder, `commits-${number}.log`);

/** @returns undefined for any other file */
export function logNumberOf(name: string): number | undefined {
  const [, number] = LOG_NAME.exec(name) ?? [];
  return number === undefined ? undefined : Number(number);
}

/** The new name of a damaged file. */
export const quarantinePath = (name: string): string => `${name}.${randomUUID()}.damaged`;
