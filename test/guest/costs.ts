/** What an isolate costs, depending on what its code uses. */
import { createSandbox } from '../../sandbox/index.ts';
import { runIn } from './sandboxed.ts';

export const uses = {
  nothing: 'return 1',
  URL: `return new URL('https://a.test/b').href`,
  'URL, international': `return new URL('https://bücher.test/b').href`,
  fetch: `return fetch('/x').catch(() => 1)`,
  everything: `for (const name of Object.getOwnPropertyNames(globalThis)) globalThis[name];
    new URL('https://bücher.test'); new TextDecoder('gbk').decode(new Uint8Array([0xd6, 0xd0])); return 1`,
} as const;

export interface Cost {
  /** Median time of a first call in a new isolate, without making the isolate. */
  readonly callMs: number;
  readonly heapMb: number;
}

const ISOLATES = 21;

export async function costOf(use: keyof typeof uses): Promise<Cost> {
  const sandbox = createSandbox({ prewarmed: false, threads: 1 });
  try {
    const outcomes = [];
    for (let i = 0; i < ISOLATES; i++) outcomes.push(await runIn(sandbox, { body: uses[use] }));
    const median = (values: number[]): number => values.sort((a, b) => a - b)[ISOLATES >> 1] as number;
    return {
      callMs: median(outcomes.map(({ usage }) => usage.wallMs)),
      heapMb: median(outcomes.map(({ usage }) => usage.heapBytes)) / 1e6,
    };
  } finally {
    await sandbox.close();
  }
}
