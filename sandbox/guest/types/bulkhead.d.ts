/** What connector code imports from `bulkhead`: the module that the runtime gives it. */

/**
 * Tells those who wait how far a run has come. Never throws; what comes too fast is left out.
 *
 * @param fraction from 0 to 1
 * @param text at most 1,000 characters
 */
export declare function progress(fraction: number, text?: string): void;

declare const sdk: { readonly progress: typeof progress };
export default sdk;
