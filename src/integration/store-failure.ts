/** The reply to a request that the store failed. */
import { type RequestError, requestError } from '../errors.ts';
import type { StoreError } from '../store/store.ts';

const OUTCOME_UNKNOWN = 'The store did not answer. A change may be stored, or not: look before you repeat it.';

export function storeFailure({ code, message, isOutcomeUnknown }: StoreError): RequestError {
  if (code === 'integration_too_large') return requestError(code, { message });
  return requestError(code, isOutcomeUnknown ? { message: OUTCOME_UNKNOWN } : {});
}
