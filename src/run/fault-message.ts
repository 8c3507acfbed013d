/**
 * Why a run has no answer, for the author of the connector: which limit, how much it is, where it is set, and what to do.
 */
import type { Limits, Outcome } from '../../sandbox/index.ts';

/** Limits that a manifest may lower, with the server's option for each. */
const flags = { timeoutMs: '--run-timeout-ms', cpuMs: '--run-cpu-ms', memoryMb: '--run-memory-mb' } as const;
type ManifestLimit = keyof typeof flags;

export interface LimitedCall {
  readonly section: string;
  readonly name: string;
  /** The limits that applied. */
  readonly limits: Limits;
  /** `connector.limits` of the manifest. */
  readonly manifestLimits: { readonly [limit in ManifestLimit]?: number | undefined } | undefined;
}

/** @returns '' if the fault's default message says it all: nothing of the call was the reason */
export function faultMessage({ fault, message }: Outcome & { status: 'faulted' }, call: LimitedCall): string {
  // The sandbox knows more than the limit: a line of the bundle, or where an answer is not JSON.
  if (message !== '') return message;
  const { section, name, limits } = call;
  const callee = section === '' ? name : `${section}.${name}`;
  switch (fault) {
    case 'run_timeout':
      return `${callee} did not finish within ${count(limits.timeoutMs)} ms. ${advice(call, 'timeoutMs', 'Do less in one call, or wait less for others (AbortSignal.timeout)')}`;
    case 'cpu_limit_exceeded':
      return `${callee} used its ${count(limits.cpuMs)} ms of CPU time. ${advice(call, 'cpuMs', 'Do less in one call')}`;
    case 'memory_limit_exceeded':
      return `${callee} needed more than its ${count(limits.memoryMb)} MiB of memory. ${advice(call, 'memoryMb', 'Hold less at once, such as one page of records')}`;
    case 'response_size_exceeded':
      return `The answer of ${callee} is larger than ${count(limits.resultBytes)} bytes of JSON. Answer less, such as one page; the limit is the server's (--run-result-bytes).`;
    case 'never_answered':
      return `${callee} ended without an answer, and nothing is pending that could still give one. Call the callback, return a value, or await the promise that was started.`;
    case 'sandbox_crashed':
      return `${callee} crashed the connector's process. Usual reasons are very large buffers or texts, very deep recursion, and requests or log lines without an end.`;
    case 'object_not_found':
      return `The connector exports no section ${section}.`;
    case 'invalid_function':
      return section === ''
        ? `The connector has no function ${name}.`
        : `The section ${section} has no function ${name}.`;
    default:
      return '';
  }
}

function advice({ limits, manifestLimits }: LimitedCall, limit: ManifestLimit, remedy: string): string {
  const flag = flags[limit];
  if (manifestLimits?.[limit] === limits[limit]) {
    return `${remedy}, or raise limits.${limit} in the manifest, at most to the server's ${flag}.`;
  }
  return `${remedy}. The limit is the server's (${flag}); limits.${limit} in a manifest only lowers it.`;
}

/** `10,000` */
const count = (amount: number): string => amount.toLocaleString('en-US');
