export interface ErrorItem {
  readonly code: string;
  readonly message: string;
  /** Dotted path. */
  readonly field?: string;
}

/** The server replied with an error, or could not be reached. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status; 0 without a reply. */
  readonly status: number;
  readonly errors: readonly ErrorItem[];
  /** The run that failed, if a run did. */
  readonly runId: string | undefined;

  constructor(status: number, errors: readonly ErrorItem[], runId?: string | null) {
    super(errors.map(({ message }) => message).join(' '));
    this.status = status;
    this.errors = errors;
    this.runId = runId ?? undefined;
  }

  /** Code of the first error. */
  get code(): string {
    return this.errors[0]?.code ?? 'unknown';
  }
}

/** Turns anything thrown into errors to show. */
export function errorsOf(error: unknown): readonly ErrorItem[] {
  if (error instanceof ApiError) return error.errors;
  return [{ code: 'dashboard_failed', message: error instanceof Error ? error.message : String(error) }];
}
