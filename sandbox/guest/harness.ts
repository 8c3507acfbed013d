/**
 * Runs inside the isolate, before any connector code, as source text: each part is a function that
 * refers to nothing outside itself, and what is composed here knows ECMAScript alone.
 *
 * It finds the function, calls it in either style, turns whatever comes back into text, and catches
 * everything, so that no guest object and no guest error reaches the wall. Its honesty is a
 * convenience: the thread outside checks and bounds all that it hands out.
 */
import { answers } from './harness/answers.ts';
import { asks } from './harness/asks.ts';
import { logConsole } from './harness/console-lines.ts';
import { dispatch } from './harness/dispatch.ts';
import { libraries } from './harness/libraries.ts';
import { primordials } from './harness/primordials.ts';
import { timers } from './harness/timers.ts';
import { webApis } from './web-apis.ts';

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

const parts = { primordials, answers, dispatch, timers, logConsole, asks, libraries };

function harness(
  { primordials, answers, dispatch, timers, logConsole, asks, libraries }: typeof parts,
  apiNames: string,
  sectionNames: string,
  host: HostCallbacks,
): GuestEntries & { sdk: object } {
  const built = primordials();
  const { apply, cut } = built;
  const answering = answers(built, host.answer, host.log, () => timing.clearSignalTimers());
  const timing = timers(built, answering, host.setTimer, host.clearTimer);
  const asking = asks(built, host.ask);

  const sdk = built.freeze({
    progress: (fraction: unknown, text?: unknown): void => {
      const message = text === undefined ? '' : cut(built.String(text), 1000);
      built.whenSettled(asking.request('progress', { fraction: +(fraction as number), message }), undefined, () => {});
    },
  });
  const dispatching = dispatch(built, answering, sdk, sectionNames);

  const { now } = host;
  const timeOrigin = built.now();
  const startedAt = now();
  const performance = {
    now: () => now() - startedAt,
    timeOrigin,
    toJSON: () => ({ timeOrigin }),
  };
  const globals = { console: logConsole(built, answering, host.log), performance, ...timing.globals };
  const names = built.ownKeys(globals) as (keyof typeof globals)[];
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as keyof typeof globals;
    built.defineValue(globalThis, name, globals[name]);
  }
  libraries(
    built,
    host.library,
    apiNames,
    {
      request: asking.request,
      compute: host.compute,
      report: answering.failCurrent,
      setSignalTimer: timing.setSignalTimer,
    },
    dispatching.addBuiltIn,
  );
  // Its memory is counted by no heap limit.
  apply(Reflect.deleteProperty, undefined, [globalThis, 'WebAssembly']);
  // The agent cannot block (ECMA-262, AgentCanSuspend), as in a browser's window: others share the thread.
  built.defineValue(Atomics, 'wait', () => {
    throw new built.TypeError('Atomics.wait cannot be called here; Atomics.waitAsync can');
  });

  const { load, loadCommonJs, start, inspect } = dispatching;
  const { started } = answering;
  return { sdk, load, loadCommonJs, start, inspect, started, fire: timing.fire, settle: asking.settle };
}

/** The order in which the text below takes them, after the names of the sections. */
export const callbackNames: readonly (keyof HostCallbacks)[] = [
  'answer',
  'log',
  'setTimer',
  'clearTimer',
  'ask',
  'library',
  'compute',
  'now',
];

/** In brackets, which tell V8 that it is called at once: it is compiled with the rest, and kept in the code cache. */
const partTexts = Object.entries(parts).map(([name, part]) => `${name}: (${part.toString()})`);
const parameters = ['sections', ...callbackNames];

/**
 * The text of a function that takes the sections' names and the callbacks. It leaves the module, which
 * is strict by itself: sloppy functions are handed out in stacks.
 */
export const harnessSource = `'use strict'; (function (${parameters.join(', ')}) {
  return (${harness.toString()})(
    { ${partTexts.join(',\n')} },
    ${JSON.stringify(JSON.stringify(webApis))},
    sections,
    { ${callbackNames.join(', ')} },
  );
})`;
