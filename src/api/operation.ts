/** An operation of the API, without its handler: its parameters, replies, errors, and who may call it. */
import type { TObject, TSchema, Validator } from '#typebox';
import type { ErrorCode } from '../errors.ts';
import type { requestHeaders, responseHeaders } from './openapi/headers.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** What an access token may do (contract 15). The administrator's token is `full`. */
export const tokenScopes = ['full', 'read', 'integrations', 'stack'] as const;
export type TokenScope = (typeof tokenScopes)[number];

/**
 * A route's scope, and the scopes of access tokens that it admits. A token of the scope `integrations` is restricted to
 * its own integrations: the router checks paths that begin with `/integrations/{_id}`, handlers check all others
 * (`reach.ts`).
 */
export const scopes = {
  /** No token is needed. */
  none: tokenScopes,
  /** Any token. */
  any: tokenScopes,
  /** Reads integrations and what belongs to them. */
  read: ['full', 'read', 'integrations'],
  /** Reads what concerns the whole server. */
  server: ['full', 'read'],
  /** Changes an integration or its records, or calls its functions. */
  integrations: ['full', 'integrations'],
  /** Calls functions as a stack of integrator.io. */
  stack: ['full', 'stack'],
  /** Everything else. */
  full: ['full'],
} as const satisfies Readonly<Record<string, readonly TokenScope[]>>;
export type Scope = keyof typeof scopes;

export interface Body {
  readonly schema: TSchema;
  /** Checks the body when it is read. Without it, the handler has to. */
  readonly validator?: Validator;
  /** Default: `application/json`. */
  readonly types?: readonly string[];
  /** Default: 1 MiB, 8 MiB from a run. */
  readonly limitBytes?: number;
  /** Default: true. */
  readonly isRequired?: boolean;
}

export interface ReplyDescription {
  readonly description: string;
  /** Absent: no body. */
  readonly schema?: TSchema;
  /** Default: `application/json`. */
  readonly type?: string;
  readonly headers?: readonly (keyof typeof responseHeaders)[];
}

export interface Operation {
  readonly method: Method;
  /** With its parameters in braces: `/integrations/{_id}`. */
  readonly path: string;
  readonly scope: Scope;
  /** `own`: a run's token may call this, about the run's own integration. Absent: it may not. */
  readonly runs?: 'own';
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly query?: readonly TObject[];
  readonly headers?: readonly (keyof typeof requestHeaders)[];
  readonly body?: Body;
  readonly replies: Readonly<Record<number, ReplyDescription>>;
  /** Besides those of every operation. */
  readonly errors?: readonly ErrorCode[];
  /** Forwards a connector's error codes (422), or an application's replies (any status). */
  readonly passesOn?: 'errors' | 'replies';
}
