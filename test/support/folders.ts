/** Temporary folders, and bundles in them. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';

/** A folder that is removed when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The same for all tests of a file, from `beforeAll` until they have ended. */
export async function folderOfFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-test-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface BundleText {
  /** Merged into package.json; `connector` into its section. */
  readonly manifest?: Record<string, unknown>;
  readonly connector?: Record<string, unknown>;
  readonly code: string;
}

/** Writes a bundle into `folder/name`. */
export async function writeBundle(
  folder: string,
  name: string,
  { manifest, connector, code }: BundleText,
): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, name, 'index.js'), code);
  const text = { name, version: '1.0.0', main: 'index.js', ...manifest, connector: { ...connector } };
  await writeFile(join(folder, name, 'package.json'), JSON.stringify(text));
}
