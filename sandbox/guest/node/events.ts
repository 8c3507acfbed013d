/** `events`: the package of that name, with what Node has added since. */
import EventEmitter from 'events/';

type Listener = (...args: unknown[]) => void;

const errorMonitor = Symbol('events.errorMonitor');
const { emit } = EventEmitter.prototype;

EventEmitter.prototype.emit = function (this: EventEmitter, name: string | symbol, ...args: unknown[]): boolean {
  if (name === 'error' && this.listenerCount(errorMonitor) > 0) Reflect.apply(emit, this, [errorMonitor, ...args]);
  return Reflect.apply(emit, this, [name, ...args]) as boolean;
};

function getEventListeners(target: EventEmitter, name: string): unknown[] {
  return typeof target.listeners === 'function' ? target.listeners(name) : [];
}

function setMaxListeners(count: number, ...targets: EventEmitter[]): void {
  for (const target of targets) target.setMaxListeners?.(count);
}

function addAbortListener(signal: AbortSignal, listener: () => void): Disposable {
  if (signal.aborted) queueMicrotask(listener);
  else signal.addEventListener('abort', listener, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', listener) };
}

/** Yields the arguments of each event. Ends with an error, or when the signal aborts. */
async function* on(emitter: EventEmitter, name: string, options: { signal?: AbortSignal } = {}) {
  const { signal } = options;
  const waiting: unknown[][] = [];
  let failure: { readonly error: unknown } | undefined;
  let wake = (): void => {};
  const onEvent: Listener = (...args) => {
    waiting.push(args);
    wake();
  };
  const onError: Listener = (error) => {
    failure = { error };
    wake();
  };
  const onAbort = (): void => onError(signal?.reason);
  emitter.on(name, onEvent);
  emitter.on('error', onError);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    for (;;) {
      while (waiting.length > 0) yield waiting.shift() as unknown[];
      if (failure) throw failure.error;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    emitter.off(name, onEvent);
    emitter.off('error', onError);
    signal?.removeEventListener('abort', onAbort);
  }
}

export default Object.assign(EventEmitter, {
  EventEmitter,
  errorMonitor,
  captureRejections: false,
  captureRejectionSymbol: Symbol.for('nodejs.rejection'),
  usingDomains: false,
  getEventListeners,
  setMaxListeners,
  addAbortListener,
  on,
});
