/** Every amount that a request of a connector may take, and its default. */
export const outboundLimits = Object.freeze({
  urlChars: 8_000,
  headers: 100,
  headerBytes: 32 * 1024,
  requestBytes: 8 * 1024 * 1024,
  responseHeaderBytes: 64 * 1024,
  /** Of the body as it arrives, and as it is unpacked. */
  responseBytes: 10 * 1024 * 1024,
  redirects: 20,
  connectMs: 10_000,
  /** From sending a request, or a redirected one, to its response's headers. */
  headersMs: 120_000,
  /** All in all. */
  totalMs: 300_000,
  /** Requests at once, all connectors together; of the room that the others leave, nobody takes more than half. */
  requestsAtOnce: 128,
  /** Names resolved at once; Node's thread pool does no more, and the store's writes share it. */
  lookupsAtOnce: 2,
  /** Of one connector to one origin. */
  connectionsPerOrigin: 32,
  /** How long an unused connection is kept. */
  keepAliveMs: 4_000,
});
export type OutboundLimits = Readonly<Record<keyof typeof outboundLimits, number>>;
