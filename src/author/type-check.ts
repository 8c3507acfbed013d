/** Checks a project's types with its installed TypeScript, in a child process. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Finding } from './finding.ts';

const LIMIT_MS = 120_000;
const OUTPUT_BYTES = 4 * 1024 * 1024;
/** Maximum number of findings. */
const FINDINGS = 50;

export type TypeCheck =
  | { readonly findings: readonly Finding[]; readonly skipped?: never }
  /** Why the types were not checked; '' if the project has no `tsconfig.json`. */
  | { readonly findings?: never; readonly skipped: string };

/**
 * Checks the files of the project's `tsconfig.json`.
 *
 * @param signal ends it early; it then rejects with an `AbortError`
 */
export async function checkTypes(folder: string, signal: AbortSignal): Promise<TypeCheck> {
  if (!existsSync(join(folder, TSCONFIG))) return { skipped: '' };
  const compiler = compilerOf(folder);
  if (compiler === undefined) return { skipped: 'Types are not checked: run npm install.' };
  const args = [compiler, '--noEmit', '--pretty', 'false', '--project', folder];
  const options = { cwd: folder, signal, timeout: LIMIT_MS, maxBuffer: OUTPUT_BYTES };
  try {
    await promisify(execFile)(process.execPath, args, options);
    return { findings: [] };
  } catch (error) {
    if (signal.aborted) throw error;
    const { stdout = '', killed, message } = error as Error & { stdout?: string; killed?: boolean };
    if (killed) return { skipped: `Types are not checked: the compiler took longer than ${LIMIT_MS / 1_000} s.` };
    const findings = findingsIn(stdout);
    return findings.length > 0 ? { findings } : { skipped: `Types are not checked: ${message}` };
  }
}

const TSCONFIG = 'tsconfig.json';

/** The project's `tsc`, from TypeScript's package.json. */
function compilerOf(folder: string): string | undefined {
  try {
    const manifest = createRequire(join(folder, 'package.json')).resolve('typescript/package.json');
    const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin?: { tsc?: string } };
    return bin?.tsc === undefined ? undefined : join(dirname(manifest), bin.tsc);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** `src/index.ts(3,7): error TS2322: …`. Explanations follow, indented. */
const LINE = /^(?:(.+)\((\d+),(\d+)\): )?error (TS\d+: .*)$/gm;

function findingsIn(output: string): Finding[] {
  const all = [...output.matchAll(LINE)].map(
    ([, file = TSCONFIG, line = '1', column = '1', message = '']): Finding => ({
      severity: 'error',
      file: file.replaceAll('\\', '/'),
      line: Number(line),
      column: Number(column),
      message,
    }),
  );
  return all.slice(0, FINDINGS);
}
