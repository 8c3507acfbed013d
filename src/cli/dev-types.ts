/** Checks an author's types in parallel with builds: esbuild drops types without checking them. */
import { findingLine } from '../author/finding.ts';
import { checkTypes, type TypeCheck } from '../author/type-check.ts';
import type { Output } from './command.ts';

export class DevTypes {
  readonly #out: Output;
  readonly #folder: string;
  #running = new AbortController();
  #checking: Promise<void> = Promise.resolve();
  /** The last output, which is not repeated. */
  #last = '';

  constructor(out: Output, folder: string) {
    this.#out = out;
    this.#folder = folder;
  }

  /** Starts a check, and ends one of older files that is still running. */
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
  if (findings.length === 0) return 'No type errors.\n';
  const errors = `${findings.length} type error${findings.length === 1 ? '' : 's'}`;
  return `${findings.map(findingLine).join('\n')}\n${errors}. The build is served anyway.\n`;
}
