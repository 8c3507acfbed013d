/**
 * Runs one piece of code over many arguments, in a sandbox and in this process. Node's own web APIs
 * pass the Web Platform Tests but for few exceptions, and are what the guest's are compared with.
 */
import { type Ask, createSandbox, defaultLimits, type Sandbox } from '../../sandbox/index.ts';

/** What one API is asked. */
export interface Suite {
  readonly api: string;
  /** A function's source text; refers to what connector code sees, and to nothing else. */
  readonly subject: string;
  /** Arguments of one call each. */
  readonly cases: readonly (readonly unknown[])[];
  /** Cases whose outcome differs, by their arguments as JSON, with the reason. */
  readonly differs?: Readonly<Record<string, string>>;
}

export interface Difference {
  readonly args: string;
  readonly guest: string;
  readonly node: string;
}

export interface Verdict {
  readonly api: string;
  readonly passed: number;
  readonly total: number;
  readonly differences: readonly Difference[];
}

/** Self-contained, as it runs in both places: outcomes as texts that can be compared. */
async function outcomes(
  subject: (...args: unknown[]) => unknown,
  cases: readonly (readonly unknown[])[],
): Promise<string[]> {
  const show = (value: unknown): string => {
    if (value === undefined || typeof value === 'bigint' || typeof value === 'number') return String(value);
    if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
    if (value instanceof Error) return `${value.name}: ${value.message}`;
    if (ArrayBuffer.isView(value)) {
      const { buffer, byteOffset, byteLength } = value;
      return `${value.constructor.name} ${new Uint8Array(buffer, byteOffset, byteLength).join(' ')}`;
    }
    if (value instanceof ArrayBuffer) return `ArrayBuffer ${new Uint8Array(value).join(' ')}`;
    if (value instanceof Map) return `Map ${show([...value])}`;
    if (value instanceof Set) return `Set ${show([...value])}`;
    if (value instanceof Date) return `Date ${value.getTime()}`;
    if (value instanceof RegExp) return `RegExp ${value}`;
    if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? typeof value;
    return `{${Object.entries(value)
      .map(([key, item]) => `${key}: ${show(item)}`)
      .join(', ')}}`;
  };
  const found: string[] = [];
  for (const args of cases) {
    try {
      found.push(show(await subject(...args)));
    } catch (error) {
      // What a message says is nobody's standard.
      const { name, code } = (error ?? {}) as { name?: string; code?: unknown };
      found.push(`throws ${name}${typeof code === 'number' ? ` (${code})` : ''}`);
    }
  }
  return found;
}

/** A compact fetch on the other side: it replies with what was asked. */
const ask: Ask = {
  fetch: async (request) =>
    JSON.stringify({ value: { url: 'https://a.test/', status: 200, statusText: '', headers: [], body: request } }),
  progress: async () => '{"value":null}',
  log: () => {},
};

/** For all suites: each has an isolate of its own in it. */
export const openGuest = (): Sandbox => createSandbox({ isolation: 'process', prewarmed: false, threads: 1 });

async function inGuest(sandbox: Sandbox, { api, subject, cases }: Suite): Promise<string[]> {
  const code = `exports.utilities = { outcomes: ({ cases }) => (${outcomes})(${subject}, cases) };`;
  const outcome = await sandbox.run(
    {
      runId: 'run',
      bundle: { connectorId: 'guest', digest: api, filename: 'guest/index.js', format: 'commonjs', code },
      integrationId: api,
      call: { section: 'utilities', name: 'outcomes', argument: JSON.stringify({ cases }) },
      limits: { ...defaultLimits, cpuMs: 60_000 },
    },
    ask,
  );
  if (outcome.status !== 'answered') throw new Error(`${api}: ${JSON.stringify(outcome)}`);
  return JSON.parse(outcome.result) as string[];
}

export async function compare(sandbox: Sandbox, suite: Suite): Promise<Verdict> {
  // The text is this repository's own.
  const subject = new Function(`return ${suite.subject}`)() as (...args: unknown[]) => unknown;
  const given = JSON.parse(JSON.stringify(suite.cases)) as unknown[][];
  const [guest, node] = await Promise.all([inGuest(sandbox, suite), outcomes(subject, given)]);
  const differences = suite.cases.flatMap((args, index) =>
    guest[index] === node[index]
      ? []
      : [{ args: JSON.stringify(args), guest: guest[index] ?? '', node: node[index] ?? '' }],
  );
  const total = suite.cases.length;
  return { api: suite.api, passed: total - differences.length, total, differences };
}
