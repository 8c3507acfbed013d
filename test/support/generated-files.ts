/** Vitest's global setup: tests need the generated files. */
import { howToGenerate } from '../../src/generated-files.ts';

export function setup(): void {
  const instruction = howToGenerate();
  if (instruction === undefined) return;
  process.stderr.write(instruction);
  process.exit(1);
}
