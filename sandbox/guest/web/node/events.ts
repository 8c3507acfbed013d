/** Replaces `node:events`. */
interface Abortable {
  addEventListener(type: 'abort', listener: () => void, options: { once: true }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

export class EventEmitter {}

export const addAbortListener = (signal: Abortable, listener: () => void): Disposable => {
  signal.addEventListener('abort', listener, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', listener) };
};
