/** Errors of requests, with Node's codes. */

interface Failure extends Error {
  /** The runtime's. */
  readonly code?: string;
}

/** For failures of which the runtime names no code of the network. */
const codes: Readonly<Record<string, string>> = {
  request_timeout: 'ETIMEDOUT',
  cancelled: 'ECONNRESET',
  too_many_redirects: 'ERR_FR_TOO_MANY_REDIRECTS',
};

/** Refusals of the runtime, such as `permission_denied`, keep their code. */
export function requestError(error: unknown, hostname: string): Error {
  const failure = error as Failure;
  const networkCode = (failure.cause as { code?: unknown } | undefined)?.code;
  const code = typeof networkCode === 'string' ? networkCode : (codes[failure.code ?? ''] ?? failure.code);
  const syscall = code === 'ENOTFOUND' ? 'getaddrinfo' : 'connect';
  return Object.assign(new Error(`${code === undefined ? '' : `${code}: `}${failure.message}`, { cause: error }), {
    ...(code === undefined ? {} : { code, errno: code }),
    ...(typeof networkCode === 'string' ? { syscall, hostname } : {}),
  });
}

export const connectionReset = (message = 'socket hang up'): Error =>
  Object.assign(new Error(message), { code: 'ECONNRESET' });
