/** Why a provider gave no tokens, in its words. */
import * as oauth from 'oauth4webapi';
import { Redaction } from '../record/redaction.ts';
import { shorten } from '../shorten.ts';

const ERROR_CHARS = 100;
const DESCRIPTION_CHARS = 500;

/** The provider has decided: asking again changes nothing. */
export class ProviderRefusal extends Error {
  override readonly name = 'ProviderRefusal';
  /** Such as `invalid_grant`. */
  readonly error: string;
  readonly description: string | undefined;

  constructor(error: string, description?: string | undefined) {
    super(description === undefined ? error : `${error}: ${description}`);
    this.error = error;
    this.description = description;
  }
}

/** The provider did not answer, or not in a way that can be used. Asking again may help. */
export class ProviderFailure extends Error {
  override readonly name = 'ProviderFailure';
}

const TEMPORARY = ['server_error', 'temporarily_unavailable', 'slow_down'];

/** @param secrets what was sent to the provider, which may repeat it */
export function asProviderError(error: unknown, secrets: readonly string[]): Error {
  const plain = (text: string, chars = DESCRIPTION_CHARS): string => plainText(text, secrets, chars);
  if (error instanceof ProviderRefusal || error instanceof ProviderFailure) return error;
  if (error instanceof oauth.ResponseBodyError || error instanceof oauth.AuthorizationResponseError) {
    const name = plain(error.error, ERROR_CHARS);
    const description = error.error_description === undefined ? undefined : plain(error.error_description);
    const status = error instanceof oauth.ResponseBodyError ? error.status : 400;
    if (status >= 500 || status === 429 || TEMPORARY.includes(name)) {
      return new ProviderFailure(description === undefined ? name : `${name}: ${description}`);
    }
    return new ProviderRefusal(name, description);
  }
  const { message, code, cause } = error as Error & { code?: unknown };
  if (cause instanceof Response && [400, 401].includes(cause.status)) {
    return new ProviderRefusal(`status ${cause.status}`);
  }
  // Its own messages quote nothing of the answer.
  const isOurs = error instanceof Error && (typeof code === 'string' || error.name === 'BrokerError');
  return new ProviderFailure(isOurs ? plain(message) : "The provider's answer could not be used.");
}

/** Text of the provider's, for people: one line, without what nobody may read. */
function plainText(text: string, secrets: readonly string[], chars: number): string {
  const redacted = new Redaction(secrets).bytes(Buffer.from(text)).toString();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return shorten(redacted.replace(/[\s\u0000-\u001f\u007f]+/g, ' '), chars);
}
