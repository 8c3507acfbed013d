/** Runs one function of a connector in a sandbox. */
import { type Ask, defaultLimits, fixedAsk, type Limits, type Outcome, type Sandbox } from '../../sandbox/index.ts';

export const nothingGranted: Ask = {
  ...fixedAsk('{"value":null}'),
  fetch: async () => '{"error":{"code":"permission_denied","message":"no"}}',
};

export interface RunRequest {
  /** The body of an async function. */
  readonly body: string;
  readonly ask?: Partial<Ask>;
  readonly limits?: Partial<Limits>;
  readonly integrationId?: string;
}

let runs = 0;

export function runIn(sandbox: Sandbox, { body, ask, limits, integrationId }: RunRequest): Promise<Outcome> {
  const code = `exports.utilities = { async f() { ${body} } };`;
  return sandbox.run(
    {
      runId: `run${++runs}`,
      bundle: { connectorId: 'c', digest: code, filename: 'c/index.js', format: 'commonjs', code },
      integrationId: integrationId ?? `integration${runs}`,
      call: { section: 'utilities', name: 'f', argument: '{}' },
      limits: { ...defaultLimits, timeoutMs: 10_000, ...limits },
    },
    { ...nothingGranted, ...ask },
  );
}

export async function resultIn(sandbox: Sandbox, request: RunRequest): Promise<unknown> {
  const outcome = await runIn(sandbox, request);
  if (outcome.status !== 'answered') throw new Error(JSON.stringify(outcome));
  return JSON.parse(outcome.result);
}
