/**
 * Replaces `sandbox/thread/guest-isolate.ts` in a copy of the sandbox without its first wall. A bundle's code
 * runs in the thread's own Node realm, with the call's argument as `given`.
 */
import { createRequire } from 'node:module';
import { attempt } from './attempt.ts';

// Whatever a compartment has loaded before connector code runs is available to code that has broken out.
const require = createRequire(import.meta.url);
const before = new Set(Object.keys(require.cache));
require('isolated-vm');
for (const path of Object.keys(require.cache)) if (!before.has(path)) delete require.cache[path];

interface Host {
  answer(kind: string, text: string, code: string, stack: string): void;
  setTimer(id: number, delayMs: number, repeat: boolean): boolean;
}

const KEEP_RUN_ALIVE = 1;
const ANSWER = 2;
const LONG_MS = 60_000;

export class GuestIsolate {
  bundle: { readonly digest: string; readonly code: string } | undefined;
  readonly memoryMb: number;
  readonly cpuMs = 0;
  readonly heapBytes = 0;
  isLoaded = false;
  isDisposed = false;
  host: Host | undefined;
  #answer = '';

  private constructor(memoryMb: number) {
    this.memoryMb = memoryMb;
  }

  // biome-ignore lint/correctness/useYield: the real one takes several steps
  static *createInSteps(memoryMb: number): Generator<void, GuestIsolate, void> {
    return new GuestIsolate(memoryMb);
  }

  load(): void {
    this.isLoaded = true;
  }

  enter(name: string, args: (string | number)[]): void {
    if (name === 'fire') return this.host?.answer('result', this.#answer, '', '');
    const [, , , , ...pieces] = args;
    this.host?.setTimer(KEEP_RUN_ALIVE, LONG_MS, false);
    void attempt({ code: this.bundle?.code ?? '', given: JSON.parse(pieces.join('')) }).then((result) => {
      this.#answer = JSON.stringify(result);
      // A run takes its answer only while it is entered.
      this.host?.setTimer(ANSWER, 0, false);
    });
  }

  dispose(): void {
    this.isDisposed = true;
  }
}
