/** Collects errors of records up to a limit, and counts the rest. */
import { type RecordProblem, shorten } from './errors.ts';
import type { RecordError } from './interface.ts';

const CODE_CHARS = 100;
/** Characters of all errors and their records in one answer. */
const TOTAL_CHARS = 2 * 1024 * 1024;

export class RecordErrors {
  readonly #limit: number;
  readonly #errors: RecordError[] = [];
  #chars = 0;
  dropped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get list(): readonly RecordError[] {
    return this.#errors;
  }

  add({ code, message, source, ...rest }: RecordError): void {
    if (this.#errors.length >= this.#limit) {
      this.dropped++;
      return;
    }
    const error = {
      ...rest,
      code: shorten(code || 'Error', CODE_CHARS),
      message: shorten(message),
      source: shorten(source, CODE_CHARS),
    };
    const chars = JSON.stringify(error).length;
    if (this.#chars + chars > TOTAL_CHARS) {
      this.dropped++;
      return;
    }
    this.#chars += chars;
    this.#errors.push(error);
  }

  addProblem(problem: RecordProblem, rest: Pick<RecordError, 'step' | 'retryData'>): void {
    const { code, message, source, statusCode } = problem;
    this.add({ code, message, source, ...(statusCode === undefined ? {} : { statusCode }), ...rest });
  }
}
