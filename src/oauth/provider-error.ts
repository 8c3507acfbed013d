/** Why a provider issued no tokens, in its own words. */
import * as oauth from 'oauth4webapi';
import { Redaction } from '../record/redaction.ts';
import { refusalText } from '../record/token-set.ts';
import { shorten } from '../shorten.ts';

const ERROR_CHARS = 100;
const DESCRIPTION_CHARS = 500;

/** The provider refused. Asking again would not help. */
export class ProviderRefusal extends Error {
  override readonly name = 'ProviderRefusal';
  /** Such as `invalid_grant`. */
  readonly error: string;
  readonly description: string | undefined;

  constructor(error: string, description?: string | undefined) {
    super(refusalText({ error, description }));
    this.error = error;
    this.description = description;
  }
}

/** The provider did not answer, or the answer is unusable. Asking again may help. */
export class ProviderFailure extends Error {
  override readonly name = 'ProviderFailure';
}

const TEMPORARY = ['server_error', 'temporarily_unavailable', 'slow_down'];

/** @param secrets secrets sent to the provider, which it may repeat */
export function asProviderError(error: unknown, secrets: readonly string[]): Error {
  const plain = (text: string, chars = DESCRIPTION_CHARS): string => plainText(text, secrets, chars);
  if (error instanceof ProviderRefusal || error instanceof ProviderFailure) return error;
  if (error instanceof oauth.ResponseBodyError || error instanceof oauth.AuthorizationResponseError) {
    const name = plain(error.error, ERROR_CHARS);
    const description = error.error_description === undefined ? undefined : plain(error.error_description);
    const status = error instanceof oauth.ResponseBodyError ? error.status : 400;
    if (status >= 500 || status === 429 || TEMPORARY.includes(name)) {
      return new ProviderFailure(refusalText({ error: name, description }));
    }
    return new ProviderRefusal(name, description);
  }
  const { message, code, cause } = error as Error & { code?: unknown };
  if (cause instanceof Response && [400, 401].includes(cause.status)) {
    return new ProviderRefusal(`status ${cause.status}`);
  }
  // Messages of ours and of the library do not quote the answer.
  const isOurs = error instanceof Error && (typeof code === 'string' || error.name === 'BrokerError');
  return new ProviderFailure(isOurs ? plain(message) : "The provider's answer could not be used.");
}

/** The provider's text as one line for people, without secrets. */
function plainText(text: string, secrets: readonly string[], chars: number): string {
  const redacted = new Redaction(secrets).bytes(Buffer.from(text)).toString();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return shorten(redacted.replace(/[\s\u0000-\u001f\u007f]+/g, ' '), chars);
}
