/** Turns what a function returns or throws into text: one answer per run, a result or an error. */
import type { HostCallbacks } from '../harness-interface.ts';
import type { Primordials } from './primordials.ts';

export type Answers = ReturnType<typeof answers>;

export function answers(
  builtIns: Primordials,
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
  } = builtIns;
  const { ObjectPrototype, ArrayPrototype } = builtIns;

  const KEY_CHARS = 50;
  const PATH_CHARS = 200;
  /** What is not plain JSON in the last checked value, and where. The path is built from its end. */
  let offendingKind = '';
  let offendingPath = '';
  const reject = (kind: string): false => {
    offendingKind = kind;
    offendingPath = '';
    return false;
  };
  const rejectBelow = (step: string): false => {
    offendingPath = cut(step + offendingPath, PATH_CHARS);
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
  /** The name of an object's class, read without calling connector code. */
  const classOf = (prototype: object): string => {
    const classFunction = getOwnPropertyDescriptor(prototype, 'constructor')?.value;
    const name =
      typeof classFunction === 'function' ? getOwnPropertyDescriptor(classFunction, 'name')?.value : undefined;
    return typeof name === 'string' && name !== '' ? cut(name, KEY_CHARS) : 'an instance of an unnamed class';
  };

  /** Whether a value is plain JSON. Undefined properties are ignored, as JSON.stringify does. */
  const isPlain = (value: unknown, depth: number): boolean => {
    if (value === null) return true;
    const type = typeof value;
    if (type === 'string' || type === 'boolean') return true;
    if (type === 'number') return isFiniteNumber(value as number) || reject(builtIns.String(value));
    if (type !== 'object') return reject(type);
    if (depth <= 0) return reject(`a value nested deeper than ${depthLimit} levels`);
    const prototype = getPrototypeOf(value as object);
    if (isArray(value)) {
      if (prototype !== ArrayPrototype) return reject(prototype ? classOf(prototype) : 'an array without a prototype');
      for (let i = 0; i < value.length; i++) if (!isPlain(value[i], depth - 1)) return rejectBelow(`[${i}]`);
      return true;
    }
    if (prototype !== ObjectPrototype && prototype !== null) return reject(classOf(prototype));
    const keys = ownKeys(value as object);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      if (typeof key === 'symbol') return reject('a symbol key');
      const item = (value as Record<string, unknown>)[key];
      if (item !== undefined && !isPlain(item, depth - 1)) return rejectBelow(stepTo(key));
    }
    return true;
  };
  /** For example `Date at rows[1].created`. */
  const describeOffender = (): string => {
    if (offendingPath === '') return offendingKind;
    const path = offendingPath[0] === '.' ? (apply(builtIns.sliceString, offendingPath, [1]) as string) : offendingPath;
    return `${offendingKind} at ${path}`;
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
    return typeof value === 'number' || typeof value === 'boolean' ? builtIns.String(value) : undefined;
  };
  const asJson = (value: unknown): string => {
    try {
      const text = stringify(value);
      return typeof text === 'string' ? text : typeof value;
    } catch {
      return typeof value;
    }
  };
  /** Removes frames of the harness, which mean nothing to the connector's author. */
  const withoutHarnessFrames = (stack: string): string => {
    const lines = apply(builtIns.splitString, stack, ['\n']) as string[];
    let frames = '';
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i] as string;
      if (!apply(builtIns.includesString, line, ['bulkhead:harness'])) frames += (frames === '' ? '' : '\n') + line;
    }
    return frames;
  };
  const describe = (error: unknown): { code: string; message: string; stack: string } => {
    if (isObject(error) || typeof error === 'function') {
      const stack = textOf(read(error, 'stack'));
      return {
        code: textOf(read(error, 'code')) ?? textOf(read(error, 'name')) ?? 'Error',
        message: textOf(read(error, 'message')) ?? cut(asJson(error), messageLimit),
        stack: stack === undefined ? '' : withoutHarnessFrames(cut(stack, 4 * messageLimit)),
      };
    }
    let message: string;
    try {
      message = builtIns.String(error) || 'no message';
    } catch {
      message = typeof error;
    }
    return { code: 'Error', message, stack: '' };
  };

  let run = 0;
  let hasAnswered = true;
  /** While a run is starting, `start` returns its result: a callback takes as long as a small call. */
  let isStarting = false;
  let immediateResult: string | undefined;
  /** Longest result to return that way. It stays in memory until the next run. */
  const RETURNED_CHARS = 8_000;
  let depthLimit = 0;
  let messageLimit = 1000;

  /** The first answer counts; a later one is logged and ignored. */
  const settle = (id: number, kind: string, text: string, code = '', stack = ''): void => {
    if (id !== run) return;
    if (hasAnswered) return log('warn', 'answered again; only the first answer counts');
    hasAnswered = true;
    if (isStarting && kind === 'result' && text.length <= RETURNED_CHARS) immediateResult = text;
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
    /** Starts a run. @returns its number */
    begin(resultDepth: number, messageChars: number): number {
      hasAnswered = false;
      isStarting = true;
      immediateResult = undefined;
      depthLimit = resultDepth;
      messageLimit = messageChars;
      return ++run;
    },
    /** Ends the start of a run. @returns the result, if it is there already */
    finishStart(): string | undefined {
      isStarting = false;
      return immediateResult;
    },
    settle,
    fail,
    /** An uncaught error ends the current run. */
    failCurrent: (error: unknown): void => fail(run, error),
    succeed(id: number, value: unknown): void {
      if (value === undefined) return settle(id, 'result', '{}');
      let text: unknown;
      let offender = 'a value that throws when read';
      try {
        if (isPlain(value, depthLimit)) text = stringify(value);
        else offender = describeOffender();
      } catch {
        // A proxy trap, a getter or a stack overflow: not plain.
      }
      if (typeof text === 'string') settle(id, 'result', text);
      else settle(id, 'invalid_extension_response', offender);
    },
    /** A value returned while the callback may still be called. Counts only if it never is. */
    answerProvisionally(id: number, value: unknown): void {
      if (id === run && !hasAnswered && isPlain(value, depthLimit)) answer('provisional', stringify(value), '', '');
    },
    failLoading(error: unknown): void {
      const { message, stack } = describe(error);
      answer('bundle_failed', cut(message, messageLimit), '', cut(stack, 2 * messageLimit));
    },
    /** Formats a value for a log line. */
    format(value: unknown): string {
      if (typeof value === 'string') return value;
      try {
        if (isObject(value)) {
          const stack = textOf(read(value, 'stack'));
          return stack === undefined ? asJson(value) : withoutHarnessFrames(stack);
        }
        return builtIns.String(value);
      } catch {
        return typeof value;
      }
    },
  };
}
