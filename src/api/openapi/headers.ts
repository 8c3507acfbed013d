/** Request and response headers in the API description. */
import Type from '#typebox';

const Text = Type.String();

export const requestHeaders = {
  'If-Match': {
    schema: Text,
    description: 'Entity tags, or `*`. 412 if the current version matches none. Weak tags never match.',
  },
  'If-None-Match': {
    schema: Text,
    description: 'Entity tags, or `*`. If the current version matches one, a read gets 304 and a write 412.',
  },
  'Idempotency-Key': {
    schema: Type.String({ minLength: 1, maxLength: 257 }),
    description:
      'A string of 1 to 255 printable ASCII characters, with or without quotes. For 24 hours, the same key with the same body repeats the first reply (with `Idempotent-Replayed: true`), and with another body gets 422 `idempotency_mismatch`. While the first request is running, it gets 409 `conflict`. Replies with 409, or with 500 and above, are not stored.',
  },
  Prefer: { schema: Text, description: '`respond-async`: reply 202 as soon as the run has started (RFC 7240).' },
  traceparent: {
    schema: Text,
    description: 'W3C Trace Context: the trace of the request, its run and the requests of the run.',
  },
  tracestate: { schema: Text, description: 'Forwarded with the trace, up to 512 characters.' },
  'Last-Event-ID': { schema: Text, description: 'The last event received. The stream resumes after it.' },
  'Integrator-Method': {
    schema: Type.String({ default: 'GET' }),
    description: 'Method of the request to the application.',
  },
  'Integrator-Templates': {
    schema: Type.Boolean({ default: false }),
    description:
      'Fill `{{connection.…}}` in the relative URI and the body. A user’s request does without it; a run has to say so, since it may pass on texts that others have written.',
  },
  'Integrator-Relative-URI': { schema: Text, description: 'URL of the request, relative to `http.baseURI`.' },
} as const;

export const responseHeaders = {
  'X-Request-Id': { schema: Text, description: "Id of the request in the server's log." },
  ETag: { schema: Text, description: 'The entity tag of the record or the value.' },
  Link: { schema: Text, description: '`<…>; rel="next"`: the next page, if there is one (RFC 8288).' },
  Location: { schema: Text, description: 'URL of the new record.' },
  'Bulkhead-Run-Id': { schema: Text, description: 'Id of the run.' },
  'Preference-Applied': { schema: Text, description: '`respond-async`.' },
  'Idempotent-Replayed': { schema: Text, description: '`true`: this repeats the reply to an earlier request.' },
  'Content-Disposition': { schema: Text, description: 'The name of the file.' },
  'WWW-Authenticate': { schema: Text, description: '`Bearer`.' },
  Allow: { schema: Text, description: 'Methods that the route supports.' },
  'Retry-After': { schema: Type.String({ pattern: '^[0-9]+$' }), description: 'Seconds to wait before retrying.' },
} as const;
