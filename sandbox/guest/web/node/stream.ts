/** Replaces `node:stream`: answers undici's questions about a stream from the polyfill's fields. */
interface PolyfilledStream {
  readonly _disturbed?: boolean;
  readonly _state?: string;
}

export const isDisturbed = (stream: PolyfilledStream): boolean => stream._disturbed === true;
export const isErrored = (stream: PolyfilledStream): boolean => stream._state === 'errored';
export class Transform {}
