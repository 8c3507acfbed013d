/** An OAuth client as the API shows it, and as a form edits it. Pure. */
import type { JsonObject } from '../api/json.ts';
import { objectAt, textAt } from '../connections/record-values.ts';

/** `GET /iClients` */
export interface OAuthClient extends JsonObject {
  readonly _id: string;
  readonly name: string;
  readonly clientId: string;
  readonly tokenURI: string;
}

/** What is sent to create or replace one. */
export type OAuthClientDraft = JsonObject;

export const emptyClient: OAuthClientDraft = { name: '', clientId: '', tokenURI: '' };

/** Where the secret goes: after a change of these it must be entered again. */
export const isClientMoved = (draft: OAuthClientDraft, stored: JsonObject | undefined): boolean =>
  stored !== undefined && ['tokenURI', 'revokeURI'].some((field) => textAt(draft, field) !== textAt(stored, field));

/** `audience=shop` a line. */
export const paramLines = (client: JsonObject): string =>
  Object.entries(objectAt(client, 'tokenParams'))
    .map(([name, value]) => `${name}=${String(value)}`)
    .join('\n');

/** Undefined if there are none. */
export function paramsOf(lines: string): JsonObject | undefined {
  const entries = lines.split('\n').flatMap((line): [string, string][] => {
    const [name = '', ...value] = line.split('=');
    return name.trim() === '' ? [] : [[name.trim(), value.join('=').trim()]];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
