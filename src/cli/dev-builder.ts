/** Builds an author's folder into a bundle, again and again. */
import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import { NoBundlerError } from '../author/bundler.ts';
import { type Finding, findingLine, isError } from '../author/finding.ts';
import { readProject } from '../author/project.ts';
import { buildProject, type Files, writeFiles } from '../author/project-build.ts';
import { type CommandContext, CommandError } from './command.ts';

/** One build at a time; what changes meanwhile leads to one more. */
export class DevBuilder {
  readonly #context: CommandContext;
  readonly #folder: string;
  readonly #target: string;
  #building: Promise<void> | undefined;
  #isRequested = false;
  #lastFingerprint = '';
  /** Files outside of the folder that the source imports: those of a neighbour in a repository of many. */
  externalFiles: readonly string[] = [];

  constructor(context: CommandContext, folder: string, target: string) {
    this.#context = context;
    this.#folder = folder;
    this.#target = target;
  }

  build(): Promise<void> {
    this.#isRequested = true;
    this.#building ??= this.#buildWhileRequested().finally(() => {
      this.#building = undefined;
    });
    return this.#building;
  }

  async idle(): Promise<void> {
    await this.#building;
  }

  async #buildWhileRequested(): Promise<void> {
    while (this.#isRequested) {
      this.#isRequested = false;
      await this.#buildOnce();
    }
  }

  async #buildOnce(): Promise<void> {
    const { out } = this.#context;
    const startedAt = performance.now();
    const { files, findings, name } = await this.#read();
    const fingerprint = fingerprintOf(files, findings);
    if (fingerprint === this.#lastFingerprint) return;
    this.#lastFingerprint = fingerprint;
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
      if (inputs) this.externalFiles = inputs.filter((path) => isExternalSource(relative(this.#folder, path)));
      return { ...(bundle ? { files: bundle.files } : {}), findings: found, name };
    } catch (error) {
      if (error instanceof NoBundlerError) throw new CommandError(error.message);
      throw error;
    }
  }
}

/** Libraries stay as they are. */
const isExternalSource = (path: string): boolean => path.startsWith('..') && !/[\\/]node_modules[\\/]/.test(path);

function fingerprintOf(files: Files | undefined, findings: readonly Finding[]): string {
  const fingerprint = createHash('sha256').update(JSON.stringify(findings));
  for (const [path, content] of files ?? []) fingerprint.update(path).update('\0').update(content);
  return fingerprint.digest('hex');
}
