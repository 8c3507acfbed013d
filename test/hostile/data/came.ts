import type { Reply } from '../../support/client.ts';

/** One reply: its status, and the first code of a refusal. */
export interface Came {
  readonly status: number;
  readonly code?: string | undefined;
}

export const cameOf = ({ status, body }: Reply): Came => ({ status, code: body?.errors?.[0]?.code });
