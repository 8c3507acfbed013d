/** Whether bundles load: some tried at once, and what was seen to load not tried again. */
import type { ErrorItem } from '../errors.ts';
import { Semaphore } from '../work/semaphore.ts';
import type { Connector } from './bundle.ts';

const AT_ONCE = 4;
/** Digests of bundles that have been seen to load. */
const LOADABLE = 16;

/** Loads a bundle; resolves to what was found. A replacement must not harm what it replaces. */
export type LoadCheck = (
  connector: Connector,
  isReplacement: boolean,
) => Promise<{ readonly problem?: string; readonly warning?: string | undefined }>;

export interface LoadCheckResult {
  readonly reasons: readonly ErrorItem[];
  /** What is odd about a bundle that loads. */
  readonly warnings: readonly ErrorItem[];
}

export class LoadChecker {
  readonly #check: LoadCheck;
  readonly #semaphore = new Semaphore(AT_ONCE);
  /** By digest, with what is odd about each. */
  readonly #loadable = new Map<string, readonly ErrorItem[]>();

  constructor(loads: LoadCheck) {
    this.#check = loads;
  }

  async check(connector: Connector, isReplacement: boolean): Promise<LoadCheckResult> {
    const { digest } = connector.bundle;
    const known = this.#loadable.get(digest);
    if (known) return { reasons: [], warnings: known };
    const { problem, warning } = await this.#semaphore.run(() => this.#check(connector, isReplacement));
    if (problem !== undefined) return { reasons: [ofMain(`main does not load: ${problem}`)], warnings: [] };
    const warnings = warning === undefined ? [] : [ofMain(`main loads, but ${warning}`)];
    this.#loadable.set(digest, warnings);
    if (this.#loadable.size > LOADABLE) this.#loadable.delete([...this.#loadable.keys()][0] as string);
    return { reasons: [], warnings };
  }
}

const ofMain = (message: string): ErrorItem => ({ code: 'invalid_field', field: 'main', message });
