/** The settings of a connection that signs in with OAuth 2 (contract 14). Pure. */
import type { Json, JsonObject } from '../json.ts';
import { isObjectId } from '../store/object-id.ts';
import { originOf } from './connection-fields.ts';
import { at, type FieldProblem } from './record.ts';
import type { Binding } from './token-set.ts';

const GRANT_TYPES = ['authorizecode', 'clientcredentials'] as const;
export type GrantType = (typeof GRANT_TYPES)[number];

export interface OAuthSettings {
  readonly grantType: GrantType;
  readonly scope: readonly string[];
  readonly binding: Binding;
}

const OAUTH = ['http', 'auth', 'oauth'];
const FIELD = OAUTH.join('.');
const SCOPES = 100;
const SCOPE_CHARS = 500;

const settingOf = (connection: JsonObject | undefined, name: string): Json | undefined =>
  at(connection, [...OAUTH, name]);

/** Undefined for a connection without OAuth 2, or without a client or an address. */
export function oauthSettingsOf(connection: JsonObject | undefined): OAuthSettings | undefined {
  if (at(connection, ['http', 'auth', 'type']) !== 'oauth') return undefined;
  const [client, origin] = [settingOf(connection, '_iClientId'), originOf(connection)];
  if (typeof client !== 'string' || origin === undefined) return undefined;
  const scope = settingOf(connection, 'scope');
  return {
    grantType: settingOf(connection, 'grantType') === 'clientcredentials' ? 'clientcredentials' : 'authorizecode',
    scope: Array.isArray(scope) ? scope.filter((item) => typeof item === 'string') : [],
    binding: { client, origin },
  };
}

export function oauthProblems(connection: JsonObject): FieldProblem[] {
  const oauth = at(connection, OAUTH);
  if (oauth === undefined) return [];
  const problem = (field: string, message: string): FieldProblem[] => [{ code: 'invalid_field', field, message }];
  if (typeof oauth !== 'object' || oauth === null || Array.isArray(oauth)) {
    return problem(FIELD, `${FIELD} must be an object`);
  }
  const { _iClientId, grantType, scope } = oauth as Readonly<Record<string, Json>>;
  const isScope = (value: Json): boolean =>
    typeof value === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value) && value.length <= SCOPE_CHARS;
  const isList = Array.isArray(scope) && scope.length <= SCOPES && scope.every(isScope);
  return [
    ...(_iClientId === undefined || (typeof _iClientId === 'string' && isObjectId(_iClientId))
      ? []
      : problem(`${FIELD}._iClientId`, `${FIELD}._iClientId must be the id of an OAuth client`)),
    ...(grantType === undefined || GRANT_TYPES.some((known) => known === grantType)
      ? []
      : problem(`${FIELD}.grantType`, `${FIELD}.grantType must be one of ${GRANT_TYPES.join(', ')}`)),
    ...(scope === undefined || isList
      ? []
      : problem(`${FIELD}.scope`, `${FIELD}.scope must be a list of at most ${SCOPES} scopes without spaces`)),
  ];
}

/**
 * With client credentials, a token is issued without asking a user. A caller who could choose client and address would
 * get any client's token, so that takes the operator's authority.
 */
export function clientProblems(
  connection: JsonObject,
  before: JsonObject | undefined,
  mayChooseClient: boolean,
): FieldProblem[] {
  const settings = oauthSettingsOf(connection);
  if (mayChooseClient || settings?.grantType !== 'clientcredentials') return [];
  const was = oauthSettingsOf(before);
  if (was?.grantType === 'clientcredentials' && isSameBinding(was.binding, settings.binding)) return [];
  const message = 'only a token of the scope full may choose the client and the address for client credentials';
  return [{ code: 'invalid_field', field: `${FIELD}._iClientId`, message }];
}

export const isSameBinding = (a: Binding | undefined, b: Binding): boolean =>
  a?.client === b.client && a.origin === b.origin;
