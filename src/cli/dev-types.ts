/** Checks the types of an author's folder beside its builds: esbuild drops types without looking at them. */
import { findingLine } from '../author/finding.ts';
import { checkTypes, type TypeCheck } from '../author/type-check.ts';
import type { Output } from './command.ts';

export class DevTypes {
  readonly #out: Output;
  readonly #folder: string;
  #running = new AbortController();
  #checking: Promise<void> = Promise.resolve();
  /** What was printed last: nothing new is not printed again. */
  #last = '';

  constructor(out: Output, folder: string) {
    this.#out = out;
    this.#folder = folder;
  }

  /** Checks what is there now. A check that is still running is of older files, and ends. */
  check(): void {
    this.#running.abort();
    this.#running = new AbortController();
    this.#checking = this.#check(this.#running.signal);
  }

  async close(): Promise<void> {
    this.#running.abort();
    await this.#checking;
  }

  async #check(signal: AbortSignal): Promise<void> {
    const result = await checkTypes(this.#folder, signal).catch((error: unknown): TypeCheck => {
      if (!signal.aborted) return { skipped: `Types are not checked: ${(error as Error).message}` };
      return { skipped: '' };
    });
    if (signal.aborted) return;
    const text = textOf(result);
    if (text !== this.#last) this.#out.write(text);
    this.#last = text;
  }
}

function textOf({ findings, skipped }: TypeCheck): string {
  if (skipped !== undefined) return skipped === '' ? '' : `${skipped}\n`;
  if (findings.length === 0) return 'The types are right.\n';
  const errors = `${findings.length} type error${findings.length === 1 ? '' : 's'}`;
  return `${findings.map(findingLine).join('\n')}\n${errors}. What was built is served all the same.\n`;
}
