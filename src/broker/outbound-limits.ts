/** Default limits of outbound requests. */
export const outboundLimits = Object.freeze({
  urlChars: 8_000,
  headers: 100,
  headerBytes: 32 * 1024,
  requestBytes: 8 * 1024 * 1024,
  responseHeaderBytes: 64 * 1024,
  /** The body, both as received and decompressed. */
  responseBytes: 10 * 1024 * 1024,
  redirects: 20,
  connectMs: 10_000,
  /** From sending a request, or following a redirect, to the response's headers. */
  headersMs: 120_000,
  /** The whole request, redirects and body included. */
  totalMs: 300_000,
  /** All connectors together. One connector gets at most half of what the others leave free. */
  requestsAtOnce: 128,
  /** Name look-ups at once. They use Node's thread pool, which the store's writes share. */
  lookupsAtOnce: 2,
  /** Per connector and origin. */
  connectionsPerOrigin: 32,
  /** How long an idle connection stays open. */
  keepAliveMs: 4_000,
});
export type OutboundLimits = Readonly<Record<keyof typeof outboundLimits, number>>;
