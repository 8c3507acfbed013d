/** Ways in which an engine call ends without a result. */

/** Errors that end the page: see `interface.ts`. */
export type PageErrorCode =
  | 'request_failed'
  | 'response_invalid'
  | 'page_too_large'
  | 'hook_failed'
  | 'hook_invalid_response'
  | 'wrapper_invalid_response'
  | 'wrapper_loops'
  | 'mapping_invalid'
  | 'template_invalid'
  | 'unsupported';

export class PageError extends Error {
  readonly code: PageErrorCode;

  constructor(code: PageErrorCode, message: string) {
    super(message);
    this.name = 'PageError';
    this.code = code;
  }
}

/** A problem of one record. The other records of its page go on. */
export class RecordProblem extends Error {
  readonly code: string;
  readonly source: string;
  readonly statusCode: number | undefined;

  constructor(code: string, message: string, { source, statusCode }: { source: string; statusCode?: number }) {
    super(message);
    this.name = 'RecordProblem';
    this.code = code;
    this.source = source;
    this.statusCode = statusCode;
  }
}

/** The application asks for a longer pause than a run may take. */
export class PauseSignal extends Error {
  readonly afterMs: number;
  readonly code: string;

  constructor(afterMs: number, code: string, message: string) {
    super(message);
    this.afterMs = afterMs;
    this.code = code;
  }
}

/** The connection's credentials were refused. */
export class OfflineSignal extends Error {
  readonly connectionId: string;

  constructor(connectionId: string, message: string) {
    super(message);
    this.connectionId = connectionId;
  }
}

const MESSAGE_CHARS = 500;

export function shorten(text: string, chars = MESSAGE_CHARS): string {
  return text.length <= chars ? text : `${text.slice(0, chars - 1)}…`;
}

/** The message of any thrown value. */
export function messageOf(error: unknown): string {
  try {
    const message = error instanceof Error ? error.message : String(error);
    return shorten(message === '' ? 'no message' : message);
  } catch {
    return 'an error that cannot be read';
  }
}
