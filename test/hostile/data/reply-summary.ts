import type { Reply } from '../../support/client.ts';

/** A reply's status, and its first error code. */
export interface ReplySummary {
  readonly status: number;
  readonly code?: string | undefined;
}

export const summarize = ({ status, body }: Reply): ReplySummary => ({ status, code: body?.errors?.[0]?.code });
