/** An operation of the API, without its handler: its parameters, replies, errors, and who may call it. */
import type { TObject, TSchema, Validator } from '#typebox';
import type { ErrorCode } from '../errors.ts';
import type { requestHeaders, responseHeaders } from './openapi/headers.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/**
 * The scope that a token needs (contract 15). `none`: no token. `read`: reads. `integrations`: changes an
 * integration or its records, if the token names that integration. `full`: everything else. The administrator's
 * token has all scopes.
 */
export type Scope = 'none' | 'read' | 'integrations' | 'full';

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
