/** A URL as `http.request` takes it. */
interface HttpOptions {
  [name: string]: unknown;
}

export function urlToHttpOptions(url: URL): HttpOptions {
  const { protocol, hostname, hash, search, pathname, href, port, username, password } = url;
  return {
    ...url,
    protocol,
    hostname: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    hash,
    search,
    pathname,
    path: `${pathname}${search}`,
    href,
    ...(port === '' ? {} : { port: Number(port) }),
    ...(username || password ? { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` } : {}),
  };
}
