/** Migrates documents of older formats, one format at a time. */
import { FORMAT } from './store.ts';

/** Also gets a large document's log entry, which has only the changed parts (`ChangeJson`). */
type Step = (document: Record<string, unknown>) => Record<string, unknown>;

/** `steps[n]` migrates format n to n + 1. */
export const steps: Readonly<Record<number, Step>> = {};

/** Returns the same object if it has the current format already, or is not a document. */
export function migrateDocument(document: unknown, known = steps, newest: number = FORMAT): unknown {
  let current = document as Record<string, unknown> | null;
  for (;;) {
    const format = current?.format;
    const step = typeof format === 'number' && format < newest ? known[format] : undefined;
    if (!current || !step) return current;
    current = { ...step(current), format: (format as number) + 1 };
  }
}
