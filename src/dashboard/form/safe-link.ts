/** The address if it is safe to link to: only http and https. Pure. */
export function safeLink(address: unknown): string | undefined {
  if (typeof address !== 'string' || address.length > 4_000 || !URL.canParse(address)) return undefined;
  const { protocol, href } = new URL(address);
  return protocol === 'http:' || protocol === 'https:' ? href : undefined;
}
