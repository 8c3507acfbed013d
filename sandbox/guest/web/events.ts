/**
 * `Event` and `EventTarget` from event-target-shim, and our own `AbortController` and `AbortSignal` on top:
 * the libraries for those lack `reason`, `timeout` and `any`.
 */
import {
  getEventAttributeValue,
  Event as ShimEvent,
  EventTarget as ShimEventTarget,
  setErrorHandler,
  setEventAttributeValue,
  setWarningHandler,
} from 'event-target-shim';
import type { Web } from '../web-apis.ts';
import { DOMException } from './dom-exception.ts';

declare const web: Web;

setErrorHandler((error) => web.report(error));
setWarningHandler(() => {});

class EventClass extends ShimEvent {
  constructor(...args: [type?: string, init?: object]) {
    if (args.length === 0) throw new TypeError('an event needs a type');
    super(...(args as [string, object?]));
  }
}

class EventTargetClass extends ShimEventTarget {
  /** The library's own accepts any object with a type. */
  override dispatchEvent(event: ShimEvent): boolean {
    if (!(event instanceof ShimEvent)) throw new TypeError('dispatchEvent takes an event');
    return super.dispatchEvent(event);
  }
}

/** Only code in this file can construct signals. */
const constructorKey = Symbol();
let abort: (signal: AbortSignalClass, reason: unknown) => void;
const LONGEST_TIMEOUT_MS = Number.MAX_SAFE_INTEGER;

class AbortSignalClass extends EventTargetClass {
  #aborted = false;
  #reason: unknown;
  /** Signals that abort with this one. */
  readonly #dependents = new Set<AbortSignalClass>();
  /** Signals this one depends on. They never depend on others themselves. */
  #sources: readonly AbortSignalClass[] = [];

  static {
    abort = (signal, reason) => {
      if (signal.#aborted) return;
      const aborting = [signal, ...[...signal.#dependents].filter((dependent) => !dependent.#aborted)];
      for (const each of aborting) {
        each.#aborted = true;
        each.#reason = reason;
        each.#dependents.clear();
        for (const source of each.#sources) source.#dependents.delete(each);
        each.#sources = [];
      }
      for (const each of aborting) each.dispatchEvent(new EventClass('abort'));
    };
  }

  constructor(key?: symbol) {
    if (key !== constructorKey) throw new TypeError('Illegal constructor');
    super();
  }

  static abort(reason: unknown = new DOMException('This operation was aborted', 'AbortError')): AbortSignalClass {
    const signal = new AbortSignalClass(constructorKey);
    abort(signal, reason);
    return signal;
  }

  static timeout(...[milliseconds]: [unknown]): AbortSignalClass {
    const delayMs = Math.trunc(Number(milliseconds));
    if (!(delayMs >= 0 && delayMs <= LONGEST_TIMEOUT_MS))
      throw new TypeError('a timeout must be 0 or more milliseconds');
    const signal = new AbortSignalClass(constructorKey);
    web.setSignalTimer(() => abort(signal, new DOMException('The operation timed out', 'TimeoutError')), delayMs);
    return signal;
  }

  static any(signals: Iterable<unknown>): AbortSignalClass {
    const sources = [...signals].map((signal) => {
      if (!(signal instanceof AbortSignalClass) || !(#aborted in signal))
        throw new TypeError('AbortSignal.any takes abort signals');
      return signal;
    });
    const signal = new AbortSignalClass(constructorKey);
    const aborted = sources.find((signal) => signal.#aborted);
    if (aborted) {
      abort(signal, aborted.#reason);
      return signal;
    }
    signal.#sources = [
      ...new Set(sources.flatMap((signal) => (signal.#sources.length > 0 ? signal.#sources : [signal]))),
    ];
    for (const source of signal.#sources) source.#dependents.add(signal);
    return signal;
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }

  get onabort(): unknown {
    return getEventAttributeValue(this, 'abort');
  }

  set onabort(listener: unknown) {
    setEventAttributeValue(this, 'abort', listener);
  }
}

class AbortControllerClass {
  readonly #signal = new AbortSignalClass(constructorKey);

  get signal(): AbortSignalClass {
    return this.#signal;
  }

  abort(reason: unknown = new DOMException('This operation was aborted', 'AbortError')): void {
    abort(this.#signal, reason);
  }
}

/** Makes a class look like a Web IDL interface: enumerable members and a tag. */
function finish(interfaceClass: { name: string; prototype: object }, name: string, statics: readonly string[]): void {
  const { prototype } = interfaceClass;
  for (const member of Object.getOwnPropertyNames(prototype)) {
    if (member !== 'constructor') Object.defineProperty(prototype, member, { enumerable: true });
  }
  for (const member of statics) Object.defineProperty(interfaceClass, member, { enumerable: true });
  Object.defineProperty(prototype, Symbol.toStringTag, { value: name, configurable: true });
}
finish(AbortSignalClass, 'AbortSignal', ['abort', 'timeout', 'any']);
finish(AbortControllerClass, 'AbortController', []);
finish(EventClass, 'Event', []);
finish(EventTargetClass, 'EventTarget', []);

export {
  AbortControllerClass as AbortController,
  AbortSignalClass as AbortSignal,
  DOMException,
  EventClass as Event,
  EventTargetClass as EventTarget,
};
