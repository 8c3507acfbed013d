/** Request and response headers of the API's description. */
import Type from '#typebox';

const Text = Type.String();

export const requestHeaders = {
  'If-Match': {
    schema: Text,
    description: 'Entity tags, or `*`: 412 if what is there has none of them. Weak tags match nothing.',
  },
  'If-None-Match': {
    schema: Text,
    description: 'Entity tags, or `*`: if what is there has one of them, 304 to a read and 412 to a write.',
  },
  'Idempotency-Key': {
    schema: Type.String({ minLength: 1, maxLength: 257 }),
    description:
      'Any string of 1 to 255 printable ASCII characters, in quotes or without. For 24 hours the same key with the same body gets the first reply again (with `Idempotent-Replayed: true`), and with another body 422 `idempotency_mismatch`; while the first request goes on, 409 `conflict`. Replies with 409 or from 500 on are not kept.',
  },
  Prefer: { schema: Text, description: '`respond-async`: 202 as soon as the run has begun (RFC 7240).' },
  traceparent: {
    schema: Text,
    description: 'W3C Trace Context: the trace that the request, its run and what that asks for belong to.',
  },
  tracestate: { schema: Text, description: 'Passed on with the trace, as far as 512 characters go.' },
  'Last-Event-ID': { schema: Text, description: 'The last event that the client has; it goes on after that.' },
  'Integrator-Method': {
    schema: Type.String({ default: 'GET' }),
    description: "The method of the request that is made with the connection's credentials.",
  },
  'Integrator-Relative-URI': { schema: Text, description: 'Its address, relative to `http.baseURI`.' },
} as const;

export const responseHeaders = {
  'X-Request-Id': { schema: Text, description: "Names the request in the server's log." },
  ETag: { schema: Text, description: 'The entity tag of the record or the value.' },
  Link: { schema: Text, description: '`<…>; rel="next"`: the next page, if there is one (RFC 8288).' },
  Location: { schema: Text, description: 'Where what was made is found.' },
  'Bulkhead-Run-Id': { schema: Text, description: 'The run that made the reply.' },
  'Preference-Applied': { schema: Text, description: '`respond-async`.' },
  'Idempotent-Replayed': { schema: Text, description: '`true`: the reply is that of an earlier request.' },
  'Content-Disposition': { schema: Text, description: 'The name of the file.' },
  'WWW-Authenticate': { schema: Text, description: '`Bearer`.' },
  Allow: { schema: Text, description: 'The methods that the route has.' },
  'Retry-After': { schema: Type.String({ pattern: '^[0-9]+$' }), description: 'Seconds after which to try again.' },
} as const;
