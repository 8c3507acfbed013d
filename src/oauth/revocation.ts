/** Revokes the tokens of connections that were removed (RFC 7009), as well as it can. */
import type { Keyring } from '../record/keyring.ts';
import { openTokens, type TokenSet } from '../record/token-set.ts';
import type { StoreChange } from '../store/store.ts';
import type { OAuthClients } from './clients.ts';

/** Waiting revocations. Beyond that, tokens die of their own age. */
const WAITING = 1_000;

export class Revocation {
  readonly #clients: OAuthClients;
  readonly #keyring: Keyring;
  readonly #onError: (error: unknown) => void;
  readonly #waiting: TokenSet[] = [];
  #running: Promise<void> | undefined;

  constructor(clients: OAuthClients, keyring: Keyring, onError: (error: unknown) => void) {
    this.#clients = clients;
    this.#keyring = keyring;
    this.#onError = onError;
  }

  /** Listens to the store's changes. */
  readonly onChange = ({ before, after }: StoreChange): void => {
    if (!before || before.tokens.size === 0 || before.connections === after?.connections) return;
    for (const [connectionId, part] of before.tokens) {
      if (after?.connections.has(connectionId)) continue;
      const set = openTokens(this.#keyring, connectionId, part);
      if (set) this.revoke(set);
    }
  };

  revoke(set: TokenSet): void {
    if (!set.issued || this.#waiting.length >= WAITING) return;
    this.#waiting.push(set);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Settles when nothing waits. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let set = this.#waiting.shift(); set; set = this.#waiting.shift()) {
      const { issued, binding } = set;
      if (!issued || !binding) continue;
      try {
        // With a refresh token its access tokens go, too (RFC 7009, 2.1).
        await (await this.#clients.provider(binding.client)).revoke(issued.refreshToken ?? issued.accessToken);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
