/** Reads a run's record from a server: it has the log and the stack, which the caller does not get. */
import type { RunRecord } from '../run/run.ts';
import { requestOk, type ServerTarget } from './server-client.ts';

export async function runOf(server: ServerTarget, integrationId: string, runId: string): Promise<RunRecord> {
  const path = `/v1/integrations/${integrationId}/runs/${runId}`;
  return (await (await requestOk(server, { method: 'GET', path })).json()) as RunRecord;
}

/** Where an error was thrown, innermost first: `    at forecast (src/index.ts:24:13)`. */
export const stackFrames = (stack: string): string[] => stack.split('\n').filter((line) => /^\s+at /.test(line));
