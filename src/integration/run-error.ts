/** Errors of runs: the connector's own, faults of the sandbox, and failures to store the result. */
import type { Fault, Outcome } from '../../sandbox/index.ts';
import { type ErrorCode, RequestError, requestError } from '../errors.ts';
import { faultMessage, type LimitedCall } from '../run/fault-message.ts';
import type { ActiveRun } from '../run/runs.ts';
import { StoreError } from '../store/store.ts';
import { storeFailure } from './store-failure.ts';

/** The error that the caller of a run gets. Undefined if it answered. */
export function errorOf(
  runId: string,
  run: ActiveRun,
  outcome: Outcome,
  redact: (text: string) => string,
  call: LimitedCall,
): RunError | undefined {
  switch (outcome.status) {
    case 'answered':
      return undefined;
    case 'failed':
      // The connector's own error. 422, so that clients do not retry.
      return new RunError(
        runId,
        run,
        new RequestError(422, [{ code: redact(outcome.code), message: redact(outcome.message) }]),
      );
    case 'faulted':
      return new RunError(runId, run, faultError(outcome, redact(faultMessage(outcome, call))), outcome.fault);
  }
}

/** Response header with the id of the run. */
export const RUN_ID_HEADER = 'Bulkhead-Run-Id';

/** Why a run has no valid answer. */
export class RunError extends RequestError {
  /** From the sandbox. A connector cannot set it, whatever code its own error has. */
  readonly fault: Fault | undefined;
  readonly runId: string;
  readonly run: ActiveRun;

  constructor(runId: string, run: ActiveRun, { status, errors, headers }: RequestError, fault?: Fault) {
    super(status, errors, { ...headers, [RUN_ID_HEADER]: runId });
    this.runId = runId;
    this.run = run;
    this.fault = fault;
  }
}

/** Why the answer of a run could not be applied, as it is recorded. */
export function failureOf(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  return error instanceof StoreError ? storeFailure(error) : requestError('internal_error');
}

/** The error for a run that broke a limit or its process. */
export function faultError({ fault, retryAfterMs }: Outcome & { status: 'faulted' }, message: string): RequestError {
  const code: ErrorCode = fault === 'bundle_failed' ? 'connector_unavailable' : fault;
  return requestError(code, { message, retryAfterMs });
}
