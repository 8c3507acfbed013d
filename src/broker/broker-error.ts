/** Why the broker refused a request or could not complete it. Codes are stable, messages may change. */
export type BrokerErrorCode =
  | 'permission_denied'
  | 'invalid_request'
  | 'request_failed'
  | 'request_timeout'
  | 'response_too_large'
  | 'too_many_redirects'
  | 'overloaded'
  | 'cancelled';

/** The message is for the connector's author. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError';
  readonly code: BrokerErrorCode;
  /** Node's code for a failure of the network, such as `ECONNREFUSED`. Says no more than the message. */
  readonly networkCode: string | undefined;

  constructor(code: BrokerErrorCode, message: string, networkCode?: string) {
    super(message);
    this.code = code;
    this.networkCode = networkCode;
  }
}
