/** Agents do nothing here: the server keeps the connections. Packages make them and derive from them. */
import EventEmitter from '../events.ts';
import { notAvailable } from '../not-available.ts';

export class Agent extends EventEmitter {
  static readonly defaultMaxSockets = Number.POSITIVE_INFINITY;
  readonly options: Record<string, unknown>;
  readonly requests = {};
  readonly sockets = {};
  readonly freeSockets = {};
  readonly keepAlive: boolean;
  readonly maxSockets: number;
  readonly maxFreeSockets = 256;
  defaultPort = 80;
  protocol = 'http:';

  constructor(options: Record<string, unknown> = {}) {
    super();
    this.options = { ...options };
    this.keepAlive = options.keepAlive === true;
    this.maxSockets = typeof options.maxSockets === 'number' ? options.maxSockets : Number.POSITIVE_INFINITY;
  }

  getName({ host = 'localhost', port = '' }: { host?: string; port?: string | number } = {}): string {
    return `${host}:${port}:`;
  }

  createConnection(): never {
    throw notAvailable('Agent.createConnection');
  }

  destroy(): void {}
}

export class SecureAgent extends Agent {
  override defaultPort = 443;
  override protocol = 'https:';
}
