/** Documents of older formats: one step from each format to the next. */
import { FORMAT } from './store.ts';

type Step = (document: Record<string, unknown>) => Record<string, unknown>;

/** `steps[n]` makes format n + 1 of format n. */
export const steps: Readonly<Record<number, Step>> = {};

/** The document in the present format; the same object if it is in it, or if it is no document at all. */
export function migrateDocument(document: unknown, known = steps, newest: number = FORMAT): unknown {
  let current = document as Record<string, unknown> | null;
  for (;;) {
    const format = current?.format;
    const step = typeof format === 'number' && format < newest ? known[format] : undefined;
    if (!current || !step) return current;
    current = { ...step(current), format: (format as number) + 1 };
  }
}
