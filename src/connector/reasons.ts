/** Reasons not to serve a bundle that is valid in itself. */
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

/** Whether the bundle is refused only because another one has its id. */
export const isDuplicate = (reasons: readonly ErrorItem[]): boolean => reasons.some(({ code }) => code === DUPLICATE);

/** For a check that could not run or be recorded, and will be repeated. */
export function retryReason(error: unknown): readonly ErrorItem[] {
  if (error instanceof RequestError) return error.errors;
  const message =
    error instanceof PermissionStoreError
      ? error.message
      : `the permissions could not be stored (${codeOf(error)}); this will be retried`;
  return [{ code: 'store_unavailable', field: 'bundle', message }];
}
