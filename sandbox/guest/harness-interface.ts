/** The functions by which the harness and its thread call each other. */
import type { EngineFunction } from '../engine-functions.ts';

/** Callbacks into the thread. Except for `library`, they take and return only primitives. They never throw. */
export interface HostCallbacks {
  /**
   * `kind` is `result`, `error`, the name of a fault, or `provisional`: a value returned by a function that
   * also takes a callback. That is the answer only if the callback is never called.
   */
  answer(kind: string, text: string, code: string, stack: string): void;
  log(level: string, text: string): void;
  /** @returns why it is refused, or '' */
  setTimer(id: number, delayMs: number, repeat: boolean): string;
  clearTimer(id: number): void;
  /** @returns why it is refused, or '' */
  ask(id: number, capability: string, request: string): string;
  /** Compiles a library in this isolate. @returns its function, or undefined if there is no such library */
  library(name: string): ((web: object) => object) | undefined;
  /**
   * Cryptography, with bytes as base64 and parameters as JSON.
   *
   * @returns `+` and the result, or `-` and why there is none
   */
  compute(operation: string, parameters: string, key: string, data: string): string;
  /** Milliseconds of a monotonic clock. */
  now(): number;
}

/** What `compute` tells of a key of RSA or of a curve. */
export interface KeyDetails {
  readonly type: 'public' | 'private';
  /** `RSA`, or the name of a curve. */
  readonly kind: string;
  /** Of an RSA key: bits of its modulus. */
  readonly bits?: number;
  /** Of an RSA key, as a decimal number. */
  readonly exponent?: string;
  /** Base64 of its `pkcs8` or `spki`. */
  readonly der: string;
}

/** Entry points that the thread calls. */
export interface GuestEntries {
  /** Takes the exports of an ES module bundle. Must be called before `start` or `inspect`. */
  load(exported: unknown): void;
  /** Runs a CommonJS bundle, given its compiled wrapper. Must be called before `start` or `inspect`. */
  loadCommonJs(factory: (exports: object, require: (name: string) => unknown, module: object) => void): void;
  /**
   * Calls a function, whose argument comes in pieces.
   *
   * @returns the result if it is immediate and short; otherwise it comes by `answer`
   */
  start(
    section: string,
    name: string,
    resultDepth: number,
    messageChars: number,
    ...argument: string[]
  ): string | undefined;
  /** Calls the flow engine, which may call the connector's functions. The rest is as for `start`. */
  startEngine(
    name: EngineFunction,
    resultDepth: number,
    messageChars: number,
    ...argument: string[]
  ): string | undefined;
  /** The result is the bundle's `BundleReport` as JSON. */
  inspect(): string | undefined;
  /** Returns the result of a start or of `inspect` again: an unhandled rejection replaces their return value. */
  finishStart(): string | undefined;
  fire(timerId: number): void;
  settle(askId: number, ...reply: string[]): void;
}
