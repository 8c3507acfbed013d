/** The address of a link, if it is one that a page may be sent to: http and https, nothing that runs. Pure. */
export function safeLink(address: unknown): string | undefined {
  if (typeof address !== 'string' || address.length > 4_000 || !URL.canParse(address)) return undefined;
  const { protocol, href } = new URL(address);
  return protocol === 'http:' || protocol === 'https:' ? href : undefined;
}
