/** Runs shell commands from the documents, in a folder and with programs prepared by the test. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './folders.ts';
import { root } from './markdown.ts';

/** The server's address in the documents. */
const PRINTED = '127.0.0.1:3000';

export interface Shell {
  readonly cwd: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** The server to use instead. */
  readonly url?: string;
}

export interface Shown {
  readonly code: number | null;
  /** Its stdout. */
  readonly out: string;
  readonly err: string;
}

/**
 * @param until for programs that do not end by themselves: end them when this text appears
 */
export async function runPrinted(block: string, { cwd, environment, url }: Shell, until?: string): Promise<Shown> {
  const programs = await temporaryFolder();
  await writePrograms(programs, url);
  const child = spawn('sh', ['-eu'], {
    cwd,
    env: { PATH: programs + delimiter + (process.env.PATH ?? ''), BULKHEAD_PORT: '0', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const end = (): void => {
    // Everything started by the shell is in its process group.
    if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid as number), 'SIGTERM');
  };
  onTestFinished(end);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    if (until !== undefined && out.includes(until)) end();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  child.stdin.end(block);
  const [code] = await once(child, 'close');
  return { code, out, err };
}

/** `npx` and `npm start` run these sources; `curl` reaches the server wherever it listens. */
async function writePrograms(folder: string, url: string | undefined): Promise<void> {
  const main = `"${process.execPath}" "${join(root, 'src/main.ts')}"`;
  const programs: Record<string, string> = {
    npx: `[ "$1" = bulkhead ] || exit 9\nshift\nexec ${main} "$@"`,
    npm: `[ "$1" = start ] || exit 9\nshift\n[ "\${1:-}" != -- ] || shift\nexec ${main} "$@"`,
    curl: curlTo(url === undefined ? PRINTED : new URL(url).host),
  };
  await mkdir(folder, { recursive: true });
  for (const [name, lines] of Object.entries(programs)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
  }
}

function curlTo(host: string): string {
  const path = spawnSync('sh', ['-c', 'command -v curl']).stdout.toString().trim();
  if (path !== '') return `exec "${path}" --connect-to "${PRINTED}:${host}" "$@"`;
  return `CONNECT_TO="${PRINTED}:${host}" exec "${process.execPath}" "${join(root, 'test/support/curl.mjs')}" "$@"`;
}
