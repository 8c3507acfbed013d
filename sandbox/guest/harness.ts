/**
 * Runs inside the isolate, before any connector code. It gets there as source text, so each part is a
 * function that refers to nothing outside itself and uses only ECMAScript.
 *
 * The harness finds the function, calls it in either style, turns the result into text and catches
 * everything, so that no guest object or error reaches the wall. The thread does not rely on that: it
 * checks and bounds everything the harness passes out.
 */
import { sections } from '../sections.ts';
import type { FlowEngine } from './flow/interface.ts';
import { answers } from './harness/answers.ts';
import { asks } from './harness/asks.ts';
import { bulkheadModule } from './harness/bulkhead-module.ts';
import { calling } from './harness/calling.ts';
import { logConsole } from './harness/console-lines.ts';
import { dispatch } from './harness/dispatch.ts';
import { libraries } from './harness/libraries.ts';
import { primordials } from './harness/primordials.ts';
import { timers } from './harness/timers.ts';
import type { GuestEntries, HostCallbacks } from './harness-interface.ts';
import { webApis } from './web-apis.ts';

const parts = { primordials, answers, calling, dispatch, timers, logConsole, asks, bulkheadModule, libraries };

function harness(
  { primordials, answers, calling, dispatch, timers, logConsole, asks, bulkheadModule, libraries }: typeof parts,
  apiNames: string,
  sectionNames: string,
  host: HostCallbacks,
): GuestEntries & { sdk: object } {
  const builtIns = primordials();
  const { apply } = builtIns;
  const answering = answers(builtIns, host.answer, host.log, () => timing.clearSignalTimers());
  const timing = timers(builtIns, answering, host.setTimer, host.clearTimer);
  const asking = asks(builtIns, host.ask);

  const sdk = bulkheadModule(builtIns, asking);
  const dispatching = dispatch(
    builtIns,
    answering,
    sdk,
    sectionNames,
    calling(builtIns),
    () => loadLibrary('flow') as unknown as FlowEngine,
  );

  const { now } = host;
  const timeOrigin = builtIns.now();
  const startedAt = now();
  const performance = {
    now: () => now() - startedAt,
    timeOrigin,
    toJSON: () => ({ timeOrigin }),
  };
  const globals = {
    console: logConsole(builtIns, answering, host.log),
    performance,
    ...timing.globals,
    // Packages for workers look for the first, those for Node for the second.
    self: globalThis,
    global: globalThis,
    navigator: builtIns.freeze({ userAgent: 'bulkhead' }),
  };
  const names = builtIns.ownKeys(globals) as (keyof typeof globals)[];
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as keyof typeof globals;
    builtIns.defineValue(globalThis, name, globals[name]);
  }
  const loadLibrary = libraries(
    builtIns,
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
  // No heap limit counts WebAssembly memory.
  apply(Reflect.deleteProperty, undefined, [globalThis, 'WebAssembly']);
  // As in a browser's window, the agent cannot block (ECMA-262, AgentCanSuspend): others share the thread.
  builtIns.defineValue(Atomics, 'wait', () => {
    throw new builtIns.TypeError('Atomics.wait is not available here; use Atomics.waitAsync');
  });

  const { load, loadCommonJs, start, startEngine, inspect } = dispatching;
  const { finishStart } = answering;
  return {
    sdk,
    load,
    loadCommonJs,
    start,
    startEngine,
    inspect,
    finishStart,
    fire: timing.fire,
    settle: asking.settle,
  };
}

/** In the order of the parameters of `harnessSource`. */
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

/** Parentheses make V8 compile a part eagerly, so that it is in the code cache. */
const partTexts = Object.entries(parts).map(([name, part]) => `${name}: (${part.toString()})`);

/**
 * The text of a function that takes the callbacks. Outside this module it needs its own `'use strict'`: connector code
 * can get at sloppy functions through stack traces.
 */
export const harnessSource = `'use strict'; (function (${callbackNames.join(', ')}) {
  return (${harness.toString()})(
    { ${partTexts.join(',\n')} },
    ${JSON.stringify(JSON.stringify(webApis))},
    ${JSON.stringify(JSON.stringify(sections))},
    { ${callbackNames.join(', ')} },
  );
})`;
