/** Turns whatever a function comes up with into text: one answer a run, a result or an error. */
import type { HostCallbacks } from '../harness-interface.ts';
import type { Primordials } from './primordials.ts';

export type Answers = ReturnType<typeof answers>;

export function answers(
  built: Primordials,
  answer: HostCallbacks['answer'],
  log: HostCallbacks['log'],
  onAnswered: () => void,
) {
  const {
    apply,
    getPrototypeOf,
    getOwnPropertyDescriptor,
    ownKeys,
    stringify,
    isArray,
    isFiniteNumber,
    isObject,
    cut,
  } = built;
  const { ObjectPrototype, ArrayPrototype } = built;

  const KEY_CHARS = 50;
  const PATH_CHARS = 200;
  /** What is not plain in the value that was looked at last, and where. The path grows from its end. */
  let oddKind = '';
  let oddPath = '';
  const reject = (kind: string): false => {
    oddKind = kind;
    oddPath = '';
    return false;
  };
  const rejectBelow = (step: string): false => {
    oddPath = cut(step + oddPath, PATH_CHARS);
    return false;
  };
  const isIdentifier = (key: string): boolean => {
    for (let i = 0; i < key.length; i++) {
      const char = key[i] as string;
      const isLetter = (char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z') || char === '_' || char === '$';
      if (!isLetter && (i === 0 || char < '0' || char > '9')) return false;
    }
    return key !== '';
  };
  const stepTo = (key: string): string => {
    const short = cut(key, KEY_CHARS);
    return isIdentifier(short) ? `.${short}` : `[${stringify(short)}]`;
  };
  /** The name of an object's class, read without calling any code of the connector's. */
  const classOf = (prototype: object): string => {
    const maker = getOwnPropertyDescriptor(prototype, 'constructor')?.value;
    const name = typeof maker === 'function' ? getOwnPropertyDescriptor(maker, 'name')?.value : undefined;
    return typeof name === 'string' && name !== '' ? cut(name, KEY_CHARS) : 'an object of a class';
  };

  /** Whether a value is plain JSON; an undefined property is left out, as JSON does. */
  const isPlain = (value: unknown, depth: number): boolean => {
    if (value === null) return true;
    const type = typeof value;
    if (type === 'string' || type === 'boolean') return true;
    if (type === 'number') return isFiniteNumber(value as number) || reject(built.String(value));
    if (type !== 'object') return reject(type);
    if (depth <= 0) return reject('more levels than are allowed');
    const prototype = getPrototypeOf(value as object);
    if (isArray(value)) {
      if (prototype !== ArrayPrototype) return reject(prototype ? classOf(prototype) : 'an array without a class');
      for (let i = 0; i < value.length; i++) if (!isPlain(value[i], depth - 1)) return rejectBelow(`[${i}]`);
      return true;
    }
    if (prototype !== ObjectPrototype && prototype !== null) return reject(classOf(prototype));
    const keys = ownKeys(value as object);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      if (typeof key === 'symbol') return reject('a symbol as a key');
      const item = (value as Record<string, unknown>)[key];
      if (item !== undefined && !isPlain(item, depth - 1)) return rejectBelow(stepTo(key));
    }
    return true;
  };
  /** `Date at rows[1].created`. */
  const oddity = (): string => {
    if (oddPath === '') return oddKind;
    const path = oddPath[0] === '.' ? (apply(built.sliceString, oddPath, [1]) as string) : oddPath;
    return `${oddKind} at ${path}`;
  };

  const read = (holder: object, name: string): unknown => {
    try {
      return (holder as Record<string, unknown>)[name];
    } catch {
      return undefined;
    }
  };
  const textOf = (value: unknown): string | undefined => {
    if (typeof value === 'string') return value === '' ? undefined : value;
    return typeof value === 'number' || typeof value === 'boolean' ? built.String(value) : undefined;
  };
  const asJson = (value: unknown): string => {
    try {
      const text = stringify(value);
      return typeof text === 'string' ? text : typeof value;
    } catch {
      return typeof value;
    }
  };
  /** Frames of the harness are ours, and say nothing to the connector's author. */
  const ownFrames = (stack: string): string => {
    const lines = apply(built.splitString, stack, ['\n']) as string[];
    let kept = '';
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i] as string;
      if (!apply(built.includesString, line, ['bulkhead:harness'])) kept += (kept === '' ? '' : '\n') + line;
    }
    return kept;
  };
  const describe = (error: unknown): { code: string; message: string; stack: string } => {
    if (isObject(error) || typeof error === 'function') {
      const stack = textOf(read(error, 'stack'));
      return {
        code: textOf(read(error, 'code')) ?? textOf(read(error, 'name')) ?? 'Error',
        message: textOf(read(error, 'message')) ?? cut(asJson(error), messageLimit),
        stack: stack === undefined ? '' : ownFrames(cut(stack, 4 * messageLimit)),
      };
    }
    let message: string;
    try {
      message = built.String(error) || 'no message';
    } catch {
      message = typeof error;
    }
    return { code: 'Error', message, stack: '' };
  };

  let run = 0;
  let answered = true;
  /** While a run is being started, its result is kept for who starts it: a callback takes as long as a small call. */
  let isStarting = false;
  let resultAtOnce: string | undefined;
  /** It is kept until the next run. */
  const KEPT_CHARS = 8_000;
  let depthLimit = 0;
  let messageLimit = 1000;

  /** The first answer counts; a later one is logged and ignored. */
  const settle = (id: number, kind: string, text: string, code = '', stack = ''): void => {
    if (id !== run) return;
    if (answered) return log('warn', 'answered again; the first answer counts');
    answered = true;
    if (isStarting && kind === 'result' && text.length <= KEPT_CHARS) resultAtOnce = text;
    else answer(kind, text, code, stack);
    onAnswered();
  };
  const fail = (id: number, error: unknown): void => {
    try {
      const { code, message, stack } = describe(error);
      settle(id, 'error', cut(message, messageLimit), cut(code, messageLimit), cut(stack, 2 * messageLimit));
    } catch {
      settle(id, 'error', 'the error could not be read', 'Error');
    }
  };

  return {
    /** Begins a run and gives its number. */
    begin(resultDepth: number, messageChars: number): number {
      answered = false;
      isStarting = true;
      resultAtOnce = undefined;
      depthLimit = resultDepth;
      messageLimit = messageChars;
      return ++run;
    },
    /** Ends the start of a run, if it has not ended. @returns the result, if it was there by then */
    started(): string | undefined {
      isStarting = false;
      return resultAtOnce;
    },
    settle,
    fail,
    /** What is thrown where nobody waits for it ends the run that is going on. */
    failCurrent: (error: unknown): void => fail(run, error),
    succeed(id: number, value: unknown): void {
      if (value === undefined) return settle(id, 'result', '{}');
      let text: unknown;
      let what = 'something that throws when it is read';
      try {
        if (isPlain(value, depthLimit)) text = stringify(value);
        else what = oddity();
      } catch {
        // A trap, a getter or the stack's end: not plain.
      }
      if (typeof text === 'string') settle(id, 'result', text);
      else settle(id, 'invalid_extension_response', what);
    },
    /** What was returned while a callback is still open: the answer only if none comes. */
    provide(id: number, value: unknown): void {
      if (id === run && !answered && isPlain(value, depthLimit)) answer('provisional', stringify(value), '', '');
    },
    failLoading(error: unknown): void {
      const { message, stack } = describe(error);
      answer('bundle_failed', cut(message, messageLimit), '', cut(stack, 2 * messageLimit));
    },
    /** A value as a log line shows it. */
    shown(value: unknown): string {
      if (typeof value === 'string') return value;
      try {
        if (isObject(value)) {
          const stack = textOf(read(value, 'stack'));
          return stack === undefined ? asJson(value) : ownFrames(stack);
        }
        return built.String(value);
      } catch {
        return typeof value;
      }
    },
  };
}
