/**
 * Runs a piece of code with many arguments, in a sandbox and in this process. The guest's web APIs are
 * compared with Node's, which pass the Web Platform Tests with few exceptions.
 */
import { type Ask, createSandbox, defaultLimits, fixedAsk, type Sandbox } from '../../sandbox/index.ts';

/** The test cases of one API. */
export interface Suite {
  readonly api: string;
  /** A function's source text. It may use only what connector code sees. */
  readonly subject: string;
  /** Each case is the arguments of one call. */
  readonly cases: readonly (readonly unknown[])[];
  /** Reasons for known differences, by the case's arguments as JSON. */
  readonly differs?: Readonly<Record<string, string>>;
}

export interface Difference {
  readonly args: string;
  readonly guest: string;
  readonly node: string;
}

export interface Comparison {
  readonly api: string;
  readonly passed: number;
  readonly total: number;
  readonly differences: readonly Difference[];
}

/** Returns outcomes as comparable texts. Self-contained, because it runs in both places. */
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
  const texts: string[] = [];
  for (const args of cases) {
    try {
      texts.push(show(await subject(...args)));
    } catch (error) {
      // No standard defines the messages.
      const { name, code } = (error ?? {}) as { name?: string; code?: unknown };
      texts.push(`throws ${name}${typeof code === 'number' ? ` (${code})` : ''}`);
    }
  }
  return texts;
}

/** Replies to `fetch` with the request itself. */
const ask: Ask = {
  ...fixedAsk('{"value":null}'),
  fetch: async (request) =>
    JSON.stringify({ value: { url: 'https://a.test/', status: 200, statusText: '', headers: [], body: request } }),
};

/** One sandbox for all suites; each suite gets its own isolate. */
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

export async function compare(sandbox: Sandbox, suite: Suite): Promise<Comparison> {
  // The text comes from this repository.
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
