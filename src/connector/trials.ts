/** Whether bundles load: some tried at once, and what was seen to load not tried again. */
import type { ErrorItem } from '../errors.ts';
import type { Connector } from './bundle.ts';
import { Turns } from './turns.ts';

const AT_ONCE = 4;
/** Digests of bundles that have been seen to load. */
const LOADABLE = 16;

/** Loads a bundle; resolves to why it does not load, or to nothing. A replacement must not harm what it replaces. */
export type LoadCheck = (connector: Connector, isReplacement: boolean) => Promise<string | undefined>;

export class Trials {
  readonly #loads: LoadCheck;
  readonly #turns = new Turns(AT_ONCE);
  readonly #loadable = new Set<string>();

  constructor(loads: LoadCheck) {
    this.#loads = loads;
  }

  async reasonsAgainst(connector: Connector, isReplacement: boolean): Promise<readonly ErrorItem[]> {
    const { digest } = connector.bundle;
    if (this.#loadable.has(digest)) return [];
    const problem = await this.#turns.take(() => this.#loads(connector, isReplacement));
    if (problem !== undefined) {
      return [{ code: 'invalid_field', field: 'main', message: `main does not load: ${problem}` }];
    }
    this.#loadable.add(digest);
    if (this.#loadable.size > LOADABLE) this.#loadable.delete([...this.#loadable][0] as string);
    return [];
  }
}
