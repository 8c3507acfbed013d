/** One operation of the API as its description is made from: what it takes, and what it replies. */
import type { TObject, TSchema } from 'typebox';
import type { ErrorCode } from '../../errors.ts';
import type { requestHeaders, responseHeaders } from './headers.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

export interface Body {
  readonly schema: TSchema;
  /** `application/json` if there is none. */
  readonly types?: readonly string[];
  readonly isRequired?: boolean;
}

export interface ReplyDescription {
  readonly description: string;
  /** Absent: no body. */
  readonly schema?: TSchema;
  /** `application/json` if there is none. */
  readonly type?: string;
  readonly headers?: readonly (keyof typeof responseHeaders)[];
}

export interface Operation {
  readonly method: Method;
  /** With its parameters in braces: `/integrations/{_id}`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** Answered without a token. */
  readonly isOpen?: boolean;
  readonly query?: readonly TObject[];
  readonly headers?: readonly (keyof typeof requestHeaders)[];
  readonly body?: Body;
  readonly replies: Readonly<Record<number, ReplyDescription>>;
  /** Beside those that every operation has. */
  readonly errors?: readonly ErrorCode[];
  /** It runs a connector's function, which has codes of its own (422), or asks an application (any status). */
  readonly passesOn?: 'errors' | 'replies';
}
