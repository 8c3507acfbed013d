/** Whether a bundle loads: found out where its code belongs, in its compartment, calling nothing. */
import { type Ask, defaultLimits, type Sandbox } from '../../sandbox/index.ts';
import type { Connector } from './bundle.ts';

/** A manifest's limits are for its functions; loading has these. */
const limits = Object.freeze({ ...defaultLimits, timeoutMs: 5_000, cpuMs: 2_000 });

const refusal = JSON.stringify({
  error: { code: 'permission_denied', message: 'Nothing can be asked for while a bundle loads.' },
});
const nothing: Ask = { fetch: async () => refusal, progress: async () => refusal, log: () => {} };

/** Resolves to why the bundle does not load, or to nothing. */
export async function loadProblem(sandbox: Sandbox, runId: string, { bundle }: Connector): Promise<string | undefined> {
  const outcome = await sandbox.run({ runId, bundle, integrationId: '', limits }, nothing);
  if (outcome.status === 'answered') return undefined;
  return outcome.message || (outcome.status === 'faulted' ? outcome.fault : outcome.code);
}
