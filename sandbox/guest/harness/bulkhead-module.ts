/** The module `bulkhead`. Its types for authors, which these functions must have, are in `types/bulkhead.d.ts`. */
import type { ModuleFunction } from '../../capabilities.ts';
import type { Asks } from './asks.ts';
import type { Primordials } from './primordials.ts';

type Declared = typeof import('../types/bulkhead.d.ts');
export type BulkheadModule = Pick<Declared, ModuleFunction>;

export function bulkheadModule(builtIns: Primordials, asks: Asks): Declared['default'] {
  const functions: BulkheadModule = {
    progress(fraction: unknown, text?: unknown) {
      const message = text === undefined ? '' : builtIns.cut(builtIns.String(text), 1000);
      builtIns.whenSettled(asks.request('progress', { fraction: +(fraction as number), message }), undefined, () => {});
    },
  };
  return builtIns.freeze(functions);
}
