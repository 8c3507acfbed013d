/** The trace of a run on the requests that it makes. */
import { headersOf, type Trace, traceIn } from '../trace-context.ts';
import type { HeaderPair } from './request-headers.ts';

const ofTrace = (name: string): boolean => /^trace(?:parent|state)$/i.test(name);

/**
 * Adds the run's trace. A connector that traces by itself may name the request as it likes within that
 * trace; what names another, or is not valid, is replaced.
 */
export function withTrace(headers: readonly HeaderPair[], trace: Trace | undefined): readonly HeaderPair[] {
  if (!trace) return headers;
  const rest = headers.filter(([name]) => !ofTrace(name));
  if (rest.length === headers.length) return [...rest, ...headersOf(trace)];
  const given = (wanted: string): string =>
    headers
      .filter(([name]) => name.toLowerCase() === wanted)
      .map(([, value]) => value)
      .join(',');
  const traceparent = given('traceparent');
  const own = traceIn(traceparent, given('tracestate'));
  if (own?.traceId !== trace.traceId) return [...rest, ...headersOf(trace)];
  return [
    ...rest,
    ['traceparent', traceparent],
    ...(own.state === undefined ? [] : [['tracestate', own.state] as const]),
  ];
}
