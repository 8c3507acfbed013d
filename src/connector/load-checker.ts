/** Checks whether bundles load: a few at a time, remembering the ones that do. */
import type { ErrorItem } from '../errors.ts';
import { Semaphore } from '../work/semaphore.ts';
import type { Connector } from './bundle.ts';

const MAX_CONCURRENT = 4;
/** Remembered bundles that load. */
const MAX_CACHED = 16;

/** Loads a bundle and reports the result. A replacement must not harm the version it replaces. */
export type LoadCheck = (
  connector: Connector,
  isReplacement: boolean,
) => Promise<{ readonly problem?: string; readonly warning?: string | undefined }>;

export interface LoadCheckResult {
  readonly reasons: readonly ErrorItem[];
  /** About a bundle that loads. */
  readonly warnings: readonly ErrorItem[];
}

export class LoadChecker {
  readonly #check: LoadCheck;
  readonly #semaphore = new Semaphore(MAX_CONCURRENT);
  /** Bundles that load, by digest. */
  readonly #warningsByDigest = new Map<string, readonly ErrorItem[]>();

  constructor(check: LoadCheck) {
    this.#check = check;
  }

  async check(connector: Connector, isReplacement: boolean): Promise<LoadCheckResult> {
    const { digest } = connector.bundle;
    const cached = this.#warningsByDigest.get(digest);
    if (cached) return { reasons: [], warnings: cached };
    const { problem, warning } = await this.#semaphore.run(() => this.#check(connector, isReplacement));
    if (problem !== undefined) return { reasons: [mainFinding(`main does not load: ${problem}`)], warnings: [] };
    const warnings = warning === undefined ? [] : [mainFinding(`main loads, but ${warning}`)];
    this.#warningsByDigest.set(digest, warnings);
    if (this.#warningsByDigest.size > MAX_CACHED)
      this.#warningsByDigest.delete([...this.#warningsByDigest.keys()][0] as string);
    return { reasons: [], warnings };
  }
}

const mainFinding = (message: string): ErrorItem => ({ code: 'invalid_field', field: 'main', message });
