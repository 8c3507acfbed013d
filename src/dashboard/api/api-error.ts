/** A refusal of the server, or that it was not reached. */
export interface ErrorItem {
  readonly code: string;
  readonly message: string;
  /** Dotted path. */
  readonly field?: string;
}

export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The HTTP status; 0 if there was no reply. */
  readonly status: number;
  readonly errors: readonly ErrorItem[];

  constructor(status: number, errors: readonly ErrorItem[]) {
    super(errors.map(({ message }) => message).join(' '));
    this.status = status;
    this.errors = errors;
  }

  /** The first entry's. */
  get code(): string {
    return this.errors[0]?.code ?? 'unknown';
  }
}

/** Whatever was thrown, as entries to show. */
export function errorsOf(error: unknown): readonly ErrorItem[] {
  if (error instanceof ApiError) return error.errors;
  return [{ code: 'dashboard_failed', message: error instanceof Error ? error.message : String(error) }];
}
