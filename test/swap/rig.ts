/** Replaces a bundle again and again while clients call it, in a server of its own. */
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '../support/client.ts';
import { launchServer } from '../support/server.ts';
import { packed } from '../support/tarballs.ts';

const TOKEN = 'the-swaps-token';
const INTEGRATIONS = 8;
/** Every so often a tarball is moved into the folder; the others are sent. */
const DROP_EVERY = 25;

export interface SwapResult {
  readonly swaps: number;
  readonly calls: number;
  /** What was answered with anything but 200, the first few. */
  readonly failures: readonly string[];
  /** Answers in which two places of the code were not of one version. */
  readonly mixed: number;
  /** Versions that calls have been answered by. */
  readonly versions: number;
  readonly meanSwapMs: number;
  readonly slowestSwapMs: number;
  readonly slowestCallMs: number;
  /** Resident memory of the runtime after a fifth of the swaps, and at the end. */
  readonly residentMb: readonly [early: number, late: number];
  /** The same of the largest connector process. */
  readonly compartmentMb: readonly [early: number, late: number];
  /** Processes of connectors at once, those in which replacements are tried and the spare one included. */
  readonly compartments: number;
}

/** Each place of the code says its version by itself. */
const codeOf = (version: number): string => `
  const first = ${version};
  const late = async () => { await new Promise((resolve) => setTimeout(resolve, 1)); return ${version}; };
  exports.utilities = { async versions() { const before = first; return [before, await late(), this.third()]; }, third: () => ${version} };
`;

const tarballOf = (version: number): Buffer =>
  packed('swapped', { manifest: { version: `1.0.${version}` }, code: codeOf(version) });

export async function swapUnderLoad(swaps: number, clients: number): Promise<SwapResult> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-swap-'));
  const [data, connectors] = [join(folder, 'data'), join(folder, 'connectors')];
  const server = await launchServer({
    BULKHEAD_TOKEN: TOKEN,
    BULKHEAD_DATA: data,
    BULKHEAD_CONNECTORS: connectors,
    BULKHEAD_LOG: 'error',
  });
  try {
    return await swap(server, connectors, swaps, clients);
  } finally {
    await server.stop('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}

async function swap(
  { url, pid }: { readonly url: string; readonly pid: number },
  connectors: string,
  swaps: number,
  clients: number,
): Promise<SwapResult> {
  const client = createClient(url, TOKEN);
  const put = (version: number) =>
    client('PUT', '/connectors', tarballOf(version), { 'content-type': 'application/gzip' });
  const { _id } = expectStatus(201, await put(0)).body;
  const installs = Array.from({ length: INTEGRATIONS }, () => client('POST', `/integrations/${_id}/install`));
  const ids = (await Promise.all(installs)).map((reply) => expectStatus(200, reply).body._id as string);

  const failures: string[] = [];
  const versions = new Set<number>();
  const count = { calls: 0, mixed: 0, slowestCallMs: 0, slowestSwapMs: 0, swapMs: 0, compartments: 0 };
  let isOver = false;
  const callers = Array.from({ length: clients }, async (_, index) => {
    while (!isOver) {
      const at = performance.now();
      const { status, text, body } = await client('PUT', `/integrations/${ids[index % ids.length]}/utilities/versions`);
      count.calls++;
      count.slowestCallMs = Math.max(count.slowestCallMs, performance.now() - at);
      if (status !== 200) {
        if (failures.length < 5) failures.push(`${status} ${text}`);
        continue;
      }
      if (new Set(body).size !== 1) count.mixed++;
      versions.add(body[0]);
    }
  });

  async function drop(version: number): Promise<void> {
    // The watch sees a move, and no half-written file.
    await writeFile(join(connectors, '_next.tgz'), tarballOf(version));
    await rename(join(connectors, '_next.tgz'), join(connectors, `${_id}.tgz`));
    for (;;) {
      const { body } = await client('GET', `/connectors/${_id}`);
      if (body.version === `1.0.${version}`) return;
    }
  }

  let early = await memoryOf(pid);
  try {
    for (let version = 1; version <= swaps; version++) {
      const at = performance.now();
      if (version % DROP_EVERY === 0) await drop(version);
      else expectStatus(200, await put(version));
      const ms = performance.now() - at;
      count.swapMs += ms;
      count.slowestSwapMs = Math.max(count.slowestSwapMs, ms);
      const now = await memoryOf(pid);
      count.compartments = Math.max(count.compartments, now.compartments);
      if (version === Math.ceil(swaps / 5)) early = now;
    }
  } finally {
    isOver = true;
    await Promise.all(callers);
  }
  const late = await memoryOf(pid);
  const { calls, mixed, slowestCallMs, slowestSwapMs, swapMs, compartments } = count;
  return {
    swaps,
    calls,
    failures,
    mixed,
    versions: versions.size,
    meanSwapMs: swapMs / swaps,
    slowestSwapMs,
    slowestCallMs,
    residentMb: [early.residentMb, late.residentMb],
    compartmentMb: [early.compartmentMb, late.compartmentMb],
    compartments,
  };
}

function expectStatus<T extends { status: number; text: string }>(status: number, reply: T): T {
  if (reply.status !== status) throw new Error(`expected ${status}: ${reply.status} ${reply.text}`);
  return reply;
}

interface Memory {
  readonly residentMb: number;
  readonly compartmentMb: number;
  readonly compartments: number;
}

/** From `/proc`; zeros where there is none. */
async function memoryOf(pid: number): Promise<Memory> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => ''));
  const children = (await Promise.all(lists)).join(' ').split(/\s+/).filter(Boolean).map(Number);
  const sizes = await Promise.all(children.map(residentMbOf));
  return {
    residentMb: await residentMbOf(pid),
    compartmentMb: Math.max(0, ...sizes),
    compartments: children.length,
  };
}

async function residentMbOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}
