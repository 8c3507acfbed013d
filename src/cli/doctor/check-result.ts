/** The result of one check of `doctor`. */
export interface CheckResult {
  /** `problem`: the server will not start or cannot keep its guarantees. */
  readonly status: 'ok' | 'warning' | 'problem';
  /** A stable name of the check. */
  readonly check: string;
  readonly sentence: string;
}

export const ok = (check: string, sentence: string): CheckResult => ({ status: 'ok', check, sentence });
export const warning = (check: string, sentence: string): CheckResult => ({ status: 'warning', check, sentence });
export const problem = (check: string, sentence: string): CheckResult => ({ status: 'problem', check, sentence });

export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown';
