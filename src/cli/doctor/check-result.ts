/** What a check of `doctor` finds: a sentence, and how bad it is. */
export interface CheckResult {
  /** `problem`: the server does not start, or does not keep what it promises. */
  readonly status: 'ok' | 'warning' | 'problem';
  /** What was looked at, in a word or two; stable. */
  readonly check: string;
  readonly sentence: string;
}

export const ok = (check: string, sentence: string): CheckResult => ({ status: 'ok', check, sentence });
export const warning = (check: string, sentence: string): CheckResult => ({ status: 'warning', check, sentence });
export const problem = (check: string, sentence: string): CheckResult => ({ status: 'problem', check, sentence });

export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown';
