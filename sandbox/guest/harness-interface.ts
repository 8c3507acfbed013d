/** What the harness and the thread around its isolate call of each other. */

/** Callbacks into the thread. Primitives only, but for `library`; none of them throws. */
export interface HostCallbacks {
  /**
   * `kind` is `result`, `error`, the name of a fault, or `provisional`: what the function returned
   * while its callback is still open, which is the answer only if none comes.
   */
  answer(kind: string, text: string, code: string, stack: string): void;
  log(level: string, text: string): void;
  /** False if too many are set. */
  setTimer(id: number, delayMs: number, repeat: boolean): boolean;
  clearTimer(id: number): void;
  /** False if too many are open, or the text is too long. */
  ask(id: number, capability: string, request: string): boolean;
  /** A library's function, compiled in this isolate; undefined if there is none of that name. */
  library(name: string): ((web: object) => object) | undefined;
  /** `random`, `digest` and `hmac`; bytes are base64. Empty if it cannot be, or is too much. */
  compute(operation: string, algorithm: string, key: string, data: string): string;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
}

/** Entry points for the thread. */
export interface GuestEntries {
  /** Takes what the bundle exports. Must be the first call; a run may follow. */
  load(exported: unknown): void;
  /** Runs a CommonJS bundle; `factory` is its compiled wrapper. */
  loadCommonJs(factory: (exports: object, require: (name: string) => unknown, module: object) => void): void;
  /** The argument comes in pieces. @returns the result, if it is there at once and short; others come by `answer` */
  start(
    section: string,
    name: string,
    resultDepth: number,
    messageChars: number,
    ...argument: string[]
  ): string | undefined;
  /**
   * The result is what the connector exports, by name: `sections` with their functions, `loose` functions of a
   * connector without sections, and what is `outOfReach` of all calls.
   */
  inspect(): string | undefined;
  /** What `start` or `inspect` has returned, or would have: what is thrown when they end takes their place. */
  started(): string | undefined;
  fire(timerId: number): void;
  settle(askId: number, ...reply: string[]): void;
}
