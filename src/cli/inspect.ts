/** Inspects an author's folder for a command and prints findings. */
import { resolve } from 'node:path';
import { NoBundlerError } from '../author/bundler.ts';
import { findingLine, isError } from '../author/finding.ts';
import { type Inspection, inspectProject } from '../author/inspect.ts';
import { RequestError } from '../errors.ts';
import { type CommandContext, CommandError, type Flag } from './command.ts';
import { progressLineOn } from './progress-line.ts';

export const folderArgument = ['[folder]', 'folder with package.json; default: the current one'] as const;

export const minifyFlag: Flag = { syntax: '--minify', help: 'smaller code; names of functions and classes stay' };

/** For old connectors of integrator.io. */
export const oldStyleFlags: readonly Flag[] = [
  { syntax: '--legacy', help: 'treats the folder as an old connector of integrator.io if it is not recognized as one' },
  { syntax: '--entry <file>', help: 'the file that exports an old connector; default: "main" of package.json' },
];

export const folderOf = ({ args, cwd }: CommandContext): string => resolve(cwd, args[0] ?? '.');

export async function inspect(context: CommandContext): Promise<Inspection> {
  const progress = progressLineOn(context.out);
  try {
    return await inspectProject(folderOf(context), (step) => progress.show(`${step} …`), {
      minify: context.flags.minify === true,
      legacy: context.flags.legacy === true,
      entry: typeof context.flags.entry === 'string' ? context.flags.entry : undefined,
    });
  } catch (error) {
    if (error instanceof NoBundlerError || error instanceof RequestError) throw new CommandError(error.message);
    throw error;
  } finally {
    progress.clear();
  }
}

/** Findings go to stderr, the result to stdout. */
export function printFindings({ err, flags }: CommandContext, { findings }: Inspection): void {
  if (flags.json === true) return;
  for (const finding of findings) err.write(`${findingLine(finding)}\n`);
}

/** Counts errors and warnings, in words. */
export function summarize({ findings }: Inspection): string {
  const errors = findings.filter(isError).length;
  const warnings = findings.length - errors;
  const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
  return errors + warnings === 0 ? 'No problems found' : `${counted(errors, 'error')}, ${counted(warnings, 'warning')}`;
}
