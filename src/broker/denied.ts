/** Why a running connector does not get what it asked for. Codes are stable, sentences may change. */
export type DenialCode =
  | 'permission_denied'
  | 'invalid_request'
  | 'request_failed'
  | 'request_timeout'
  | 'response_too_large'
  | 'too_many_redirects'
  | 'overloaded'
  | 'cancelled';

/** What a request is answered with when it is not granted or fails. The message is for the connector's author. */
export class Denied extends Error {
  override readonly name = 'Denied';
  readonly code: DenialCode;

  constructor(code: DenialCode, message: string) {
    super(message);
    this.code = code;
  }
}
