/** Rebuilds an author's folder into a bundle. */
import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import { NoBundlerError } from '../author/bundler.ts';
import { type Finding, findingLine, isError } from '../author/finding.ts';
import { readProject } from '../author/project.ts';
import { buildProject, type Files, writeFiles } from '../author/project-build.ts';
import { type CommandContext, CommandError } from './command.ts';

/** Runs one build at a time, and once more if something changes meanwhile. */
export class DevBuilder {
  readonly #context: CommandContext;
  readonly #folder: string;
  readonly #target: string;
  #building: Promise<void> | undefined;
  #isRequested = false;
  #lastFingerprint = '';
  /** Imported files outside the folder, such as another package of a monorepo. */
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
      out.write('Not built. The previous version stays in use.\n');
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
      const { bundle, findings: buildFindings, inputs } = await buildProject(project);
      if (inputs) this.externalFiles = inputs.filter((path) => isExternalSource(relative(this.#folder, path)));
      return { ...(bundle ? { files: bundle.files } : {}), findings: buildFindings, name };
    } catch (error) {
      if (error instanceof NoBundlerError) throw new CommandError(error.message);
      throw error;
    }
  }
}

/** Installed libraries do not change, so they are not watched. */
const isExternalSource = (path: string): boolean => path.startsWith('..') && !/[\\/]node_modules[\\/]/.test(path);

function fingerprintOf(files: Files | undefined, findings: readonly Finding[]): string {
  const fingerprint = createHash('sha256').update(JSON.stringify(findings));
  for (const [path, content] of files ?? []) fingerprint.update(path).update('\0').update(content);
  return fingerprint.digest('hex');
}
