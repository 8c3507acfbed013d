/** Batches concurrent questions, so that one statement answers many. No answer is older than its question. */
interface Waiting<Question, Answer> extends PromiseWithResolvers<Answer> {
  readonly question: Question;
}

export interface BatchOptions<Question, Answer> {
  /** @returns the answers in the order of the questions */
  readonly answer: (questions: readonly Question[]) => Promise<readonly Answer[]>;
  /** Concurrent batches. Later questions wait for the next one. */
  readonly atOnce: number;
  /** Maximum number of questions per batch. */
  readonly size: number;
  /** Maximum weight of a batch; a single question may weigh more. */
  readonly weight?: { readonly of: (question: Question) => number; readonly limit: number };
}

export class Batches<Question, Answer> {
  readonly #options: BatchOptions<Question, Answer>;
  #waiting: Waiting<Question, Answer>[] = [];
  #running = 0;

  constructor(options: BatchOptions<Question, Answer>) {
    this.#options = options;
  }

  ask(question: Question): Promise<Answer> {
    const waiting = { question, ...Promise.withResolvers<Answer>() };
    this.#waiting.push(waiting);
    // Gathers the questions of one turn of the event loop.
    if (this.#waiting.length === 1) setImmediate(() => this.#answerNext());
    return waiting.promise;
  }

  #nextSize(): number {
    const { size, weight } = this.#options;
    if (!weight) return size;
    let total = 0;
    const end = this.#waiting.slice(0, size).findIndex(({ question }, index) => {
      total += weight.of(question);
      return index > 0 && total > weight.limit;
    });
    return end < 0 ? size : end;
  }

  async #answerNext(): Promise<void> {
    const { answer, atOnce } = this.#options;
    if (this.#waiting.length === 0 || this.#running >= atOnce) return;
    const batch = this.#waiting.splice(0, this.#nextSize());
    this.#running++;
    try {
      const answers = await answer(batch.map(({ question }) => question));
      for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as Answer);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.#running--;
      void this.#answerNext();
    }
  }
}
