/** Builds an author's folder into a bundle, again and again. */
import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import { NoBundlerError } from '../author/bundler.ts';
import { type Finding, findingLine, isError } from '../author/finding.ts';
import { readProject } from '../author/project.ts';
import { buildProject, type Files, writeFiles } from '../author/project-build.ts';
import { CommandError, type CommandInput } from './command.ts';

/** One build at a time; what changes meanwhile leads to one more. */
export class DevBuilder {
  readonly #given: CommandInput;
  readonly #folder: string;
  readonly #target: string;
  #building: Promise<void> | undefined;
  #again = false;
  #last = '';
  /** Files outside of the folder that the source imports: those of a neighbour in a repository of many. */
  outside: readonly string[] = [];

  constructor(given: CommandInput, folder: string, target: string) {
    this.#given = given;
    this.#folder = folder;
    this.#target = target;
  }

  build(): Promise<void> {
    this.#again = true;
    this.#building ??= this.#buildUntilQuiet().finally(() => {
      this.#building = undefined;
    });
    return this.#building;
  }

  async idle(): Promise<void> {
    await this.#building;
  }

  async #buildUntilQuiet(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      await this.#buildOnce();
    }
  }

  async #buildOnce(): Promise<void> {
    const { out } = this.#given;
    const startedAt = performance.now();
    const { files, findings, name } = await this.#read();
    const mark = markOf(files, findings);
    if (mark === this.#last) return;
    this.#last = mark;
    for (const finding of findings) out.write(`${findingLine(finding)}\n`);
    if (!files || findings.some(isError)) {
      out.write('Not built: what was there before serves on.\n');
      return;
    }
    await writeFiles(files, this.#target);
    out.write(`Built ${name} in ${Math.round(performance.now() - startedAt)} ms.\n`);
  }

  async #read(): Promise<{ files?: Files; findings: readonly Finding[]; name: string }> {
    const { project, findings } = await readProject(this.#folder);
    if (!project) return { findings, name: '' };
    const name = `${project.manifest.name} ${project.manifest.version}`;
    try {
      const { bundle, findings: found, inputs } = await buildProject(project);
      if (inputs) this.outside = inputs.filter((path) => isNeighbour(relative(this.#folder, path)));
      return { ...(bundle ? { files: bundle.files } : {}), findings: found, name };
    } catch (error) {
      if (error instanceof NoBundlerError) throw new CommandError(error.message);
      throw error;
    }
  }
}

/** Libraries stay as they are. */
const isNeighbour = (path: string): boolean => path.startsWith('..') && !/[\\/]node_modules[\\/]/.test(path);

function markOf(files: Files | undefined, findings: readonly Finding[]): string {
  const mark = createHash('sha256').update(JSON.stringify(findings));
  for (const [path, content] of files ?? []) mark.update(path).update('\0').update(content);
  return mark.digest('hex');
}
