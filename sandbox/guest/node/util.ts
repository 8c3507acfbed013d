/** `util`: the package of that name, with what Node has added since. */
import { isDeepStrictEqual } from 'assert/build/internal/util/comparisons.js';
import util from 'util/';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /\u001b\[[0-9;]*[A-Za-z]/g;

Object.assign(util.inspect, {
  custom: Symbol.for('nodejs.util.inspect.custom'),
  defaultOptions: util.inspect.defaultOptions ?? {},
});

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

const types = { ...util.types, isProxy: (): boolean => false, isExternal: (): boolean => false };

export default {
  ...util,
  types,
  isDeepStrictEqual,
  aborted,
  debug: util.debuglog,
  stripVTControlCharacters: (text: string): string => text.replace(CONTROL, ''),
  styleText: (_format: unknown, text: string): string => text,
  toUSVString: (text: string): string => `${text}`.toWellFormed(),
  get TextEncoder() {
    return TextEncoder;
  },
  get TextDecoder() {
    return TextDecoder;
  },
};
