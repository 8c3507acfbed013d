/** Puts a run's trace on the requests it makes. */
import { parseTrace, type Trace, traceHeadersOf } from '../trace-context.ts';
import type { HeaderPair } from './request-headers.ts';

const isTraceHeader = (name: string): boolean => /^trace(?:parent|state)$/i.test(name);

/**
 * Adds the run's trace. Trace headers from the connector stay if they belong to the run's trace; others, and invalid
 * ones, are replaced.
 */
export function withTrace(headers: readonly HeaderPair[], trace: Trace | undefined): readonly HeaderPair[] {
  if (!trace) return headers;
  const rest = headers.filter(([name]) => !isTraceHeader(name));
  if (rest.length === headers.length) return [...rest, ...traceHeadersOf(trace)];
  const headerValue = (header: string): string =>
    headers
      .filter(([name]) => name.toLowerCase() === header)
      .map(([, value]) => value)
      .join(',');
  const traceparent = headerValue('traceparent');
  const ownTrace = parseTrace(traceparent, headerValue('tracestate'));
  if (ownTrace?.traceId !== trace.traceId) return [...rest, ...traceHeadersOf(trace)];
  return [
    ...rest,
    ['traceparent', traceparent],
    ...(ownTrace.state === undefined ? [] : [['tracestate', ownTrace.state] as const]),
  ];
}
