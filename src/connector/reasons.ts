/** Why a bundle that was read does not serve, beside what it says of itself. */
import { type ErrorItem, RequestError } from '../errors.ts';
import { codeOf } from '../store/files.ts';
import type { Connector } from './bundle.ts';
import { PermissionStoreError } from './permission-store.ts';

const DUPLICATE = 'duplicate_id';

export function duplicateReason(owner: Connector): ErrorItem {
  return {
    code: DUPLICATE,
    field: 'connector._id',
    message: `connector._id ${owner._id} is taken by ${owner.manifest.name} in ${owner.folder}`,
  };
}

/** Whether it may serve as soon as another does not any more. */
export const isDuplicate = (reasons: readonly ErrorItem[]): boolean => reasons.some(({ code }) => code === DUPLICATE);

/** What could not be tried, or not be recorded; either is repeated. */
export function retryReason(error: unknown): readonly ErrorItem[] {
  if (error instanceof RequestError) return error.errors;
  const message =
    error instanceof PermissionStoreError
      ? error.message
      : `it could not be recorded (${codeOf(error)}), and is tried again`;
  return [{ code: 'store_unavailable', field: 'bundle', message }];
}
