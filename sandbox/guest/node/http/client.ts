/** The clients of `http` and `https`. Both can be patched, as packages do. */
import { absentFunctions } from '../not-available.ts';
import type { Agent } from './agent.ts';
import { ClientRequest } from './client-request.ts';
import { validateHeaderName, validateHeaderValue } from './header-list.ts';
import { IncomingMessage } from './message.ts';
import { methods, statusCodes } from './status-codes.ts';
import type { RequestArguments } from './target.ts';

const servers = ['Server', 'ServerResponse', 'OutgoingMessage', 'createServer', 'WebSocket'];

export function clientOf(name: 'http' | 'https', AgentClass: typeof Agent): Record<string, unknown> {
  const request = (...args: RequestArguments): ClientRequest => new ClientRequest(`${name}:`, args);
  const get = (...args: RequestArguments): ClientRequest => {
    const made = request(...args);
    made.end();
    return made;
  };
  return {
    ...absentFunctions(name, servers),
    request,
    get,
    Agent: AgentClass,
    globalAgent: new AgentClass({ keepAlive: true }),
    ClientRequest,
    IncomingMessage,
    METHODS: methods,
    STATUS_CODES: statusCodes,
    maxHeaderSize: 16_384,
    validateHeaderName,
    validateHeaderValue,
    setMaxIdleHTTPParsers(): void {},
  };
}
