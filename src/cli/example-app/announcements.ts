/** Sends new releases to registered hooks, signed like those of npm's registry. */
import { createHmac } from 'node:crypto';
import type { Entry } from './package-registry.ts';

export interface Hook {
  readonly endpoint: string;
  readonly secret: string;
}

const HOOKS_MAX = 10;
const TIMEOUT_MS = 5_000;
/** Hooks may only be on this machine, so that nobody can make it send requests elsewhere. */
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

export class Announcements {
  #hooks: Hook[] = [];
  readonly #onSent: (line: string) => void;

  /** @param onSent gets a line for each message */
  constructor(onSent: (line: string) => void) {
    this.#onSent = onSent;
  }

  /** Keeps only the newest hooks. @returns why the hook is refused, if it is */
  add({ endpoint, secret }: Entry): string | undefined {
    if (typeof endpoint !== 'string' || typeof secret !== 'string' || secret === '') {
      return 'A hook needs an endpoint and a secret.';
    }
    if (!URL.canParse(endpoint) || !LOOPBACK.includes(new URL(endpoint).hostname)) {
      return `The endpoint must be on this machine: ${LOOPBACK.join(', ')}.`;
    }
    this.#hooks = [...this.#hooks, { endpoint, secret }].slice(-HOOKS_MAX);
    return undefined;
  }

  async send(release: Entry): Promise<void> {
    const body = JSON.stringify({ event: 'package:publish', payload: release });
    await Promise.all(this.#hooks.map((hook) => this.#sendTo(hook, body, release)));
  }

  async #sendTo(hook: Hook, body: string, { name, version }: Entry): Promise<void> {
    const signature = createHmac('sha256', hook.secret).update(body).digest('hex');
    const headers = { 'content-type': 'application/json', 'x-npm-signature': `sha256=${signature}` };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const status = await fetch(hook.endpoint, { method: 'POST', headers, body, signal }).then(
      (response) => response.status,
      () => undefined,
    );
    // The integration has been removed.
    if (status === 404) this.#hooks = this.#hooks.filter((each) => each !== hook);
    this.#onSent(`Announced ${name} ${version}: ${status === undefined ? 'no answer' : `status ${status}`}.`);
  }
}
