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
  constructor(...given: [type?: string, init?: object]) {
    if (given.length === 0) throw new TypeError('an event has a type');
    super(...(given as [string, object?]));
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
const maker = Symbol();
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
    if (key !== maker) throw new TypeError('Illegal constructor');
    super();
  }

  static abort(reason: unknown = new DOMException('This operation was aborted', 'AbortError')): AbortSignalClass {
    const signal = new AbortSignalClass(maker);
    abort(signal, reason);
    return signal;
  }

  static timeout(...[milliseconds]: [unknown]): AbortSignalClass {
    const delayMs = Math.trunc(Number(milliseconds));
    if (!(delayMs >= 0 && delayMs <= LONGEST_TIMEOUT_MS)) throw new TypeError('a timeout is milliseconds, 0 or more');
    const signal = new AbortSignalClass(maker);
    web.setSignalTimer(() => abort(signal, new DOMException('The operation timed out', 'TimeoutError')), delayMs);
    return signal;
  }

  static any(signals: Iterable<unknown>): AbortSignalClass {
    const given = [...signals].map((signal) => {
      if (!(signal instanceof AbortSignalClass) || !(#aborted in signal)) throw new TypeError('any takes signals');
      return signal;
    });
    const made = new AbortSignalClass(maker);
    const aborted = given.find((signal) => signal.#aborted);
    if (aborted) {
      abort(made, aborted.#reason);
      return made;
    }
    made.#sources = [...new Set(given.flatMap((signal) => (signal.#sources.length > 0 ? signal.#sources : [signal])))];
    for (const source of made.#sources) source.#dependents.add(made);
    return made;
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
  readonly #signal = new AbortSignalClass(maker);

  get signal(): AbortSignalClass {
    return this.#signal;
  }

  abort(reason: unknown = new DOMException('This operation was aborted', 'AbortError')): void {
    abort(this.#signal, reason);
  }
}

/** Makes a class look like a Web IDL interface: enumerable members, a tag, the plain name. */
function finish(interfaceClass: { name: string; prototype: object }, name: string, statics: readonly string[]): void {
  const { prototype } = interfaceClass;
  for (const member of Object.getOwnPropertyNames(prototype)) {
    if (member !== 'constructor') Object.defineProperty(prototype, member, { enumerable: true });
  }
  for (const member of statics) Object.defineProperty(interfaceClass, member, { enumerable: true });
  Object.defineProperty(interfaceClass, 'name', { value: name, configurable: true });
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
