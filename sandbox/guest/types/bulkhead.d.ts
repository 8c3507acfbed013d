/** The module `bulkhead`, which the runtime provides to connector code. */

/**
 * Reports the run's progress to its followers. Never throws. Reports that come too fast are dropped.
 *
 * @param fraction from 0 to 1
 * @param text at most 1,000 characters
 */
export declare function progress(fraction: number, text?: string): void;

declare const sdk: { readonly progress: typeof progress };
export default sdk;
