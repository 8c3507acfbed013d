/** Checks whether this machine can run connectors: Node, isolated-vm, the permission model, a compartment. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createSandbox, defaultLimits, fixedAsk } from '../../../sandbox/index.ts';
import type { Options } from '../../options.ts';
import { nodeProblem } from '../../supported-node.js';
import { type CheckResult, codeOf, ok, problem, warning } from './check-result.ts';

/** The first version whose permission model covers the network. */
const MIN_NODE_WITH_NETWORK_PERMISSION = 25;
const CHILD_LIMIT_MS = 20_000;

export function checkNodeVersion(version: string): CheckResult {
  const tooOld = nodeProblem(version);
  if (tooOld !== undefined) return problem('node', tooOld);
  const major = Number(version.split('.')[0]);
  if (major >= MIN_NODE_WITH_NETWORK_PERMISSION) return ok('node', `Node ${version} is supported.`);
  return warning('node', `Node ${version} cannot block network access of connectors' processes; Node 26 can.`);
}

interface ChildResult {
  readonly code: number | string;
  readonly stderr: string;
}

function runNode(args: readonly string[]): Promise<ChildResult> {
  const options = { env: {}, timeout: CHILD_LIMIT_MS, killSignal: 'SIGKILL' as const };
  return new Promise((resolve) => {
    execFile(process.execPath, [...args], options, (error, _stdout, stderr) => {
      resolve({ code: error ? (error.code ?? error.signal ?? 'unknown') : 0, stderr });
    });
  });
}

/** Loads it in a child process: this process never does. */
export async function checkIsolatedVm(): Promise<CheckResult> {
  let path: string;
  try {
    path = createRequire(import.meta.url).resolve('isolated-vm');
  } catch {
    return problem('isolated-vm', 'isolated-vm is not installed: run npm ci.');
  }
  const script = `new (require(${JSON.stringify(path)}).Isolate)({ memoryLimit: 8 }).dispose()`;
  const { code, stderr } = await runNode(['--no-node-snapshot', '-e', script]);
  if (code === 0) return ok('isolated-vm', 'isolated-vm loads.');
  const errorLine = stderr
    .split('\n')
    .find((line) => /Error|error/.test(line))
    ?.trim();
  return problem(
    'isolated-vm',
    `isolated-vm does not load (${errorLine ?? code}). If it was built for another Node, run npm rebuild isolated-vm.`,
  );
}

/** Bits of the probe's exit code: what the permission model blocks. */
const CLOSED = { files: 1, processes: 2, network: 4 } as const;
const PROBE_RAN = 8;
const PROBE = `
  const denied = (work) => { try { work(); return false } catch (error) { return error.code === 'ERR_ACCESS_DENIED' } };
  let code = ${PROBE_RAN};
  if (denied(() => require('node:fs').readdirSync('/'))) code |= ${CLOSED.files};
  if (denied(() => require('node:child_process').spawnSync(process.execPath))) code |= ${CLOSED.processes};
  const socket = require('node:net').connect(9, '127.0.0.1', () => socket.destroy());
  socket.on('error', (error) => { if (error.code === 'ERR_ACCESS_DENIED') code |= ${CLOSED.network}; });
  socket.on('close', () => { process.exitCode = code; });`;

export async function checkPermissionModel(): Promise<CheckResult> {
  const { code, stderr } = await runNode(['--permission', '-e', PROBE]);
  if (typeof code !== 'number' || (code & PROBE_RAN) === 0) {
    const errorLine = stderr.trim().split('\n')[0] || code;
    return problem('permissions', `Node's permission model does not start (${errorLine}).`);
  }
  const isClosed = (what: keyof typeof CLOSED): boolean => (code & CLOSED[what]) !== 0;
  if (!isClosed('files') || !isClosed('processes')) {
    return problem('permissions', "Node's permission model does not block files and processes here.");
  }
  if (isClosed('network')) return ok('permissions', "Node's permission model blocks files, processes and the network.");
  return warning(
    'permissions',
    "Node's permission model blocks files and processes, but not network access of code that escapes the sandbox.",
  );
}

export async function checkCompartment({ isolation }: Options): Promise<CheckResult> {
  const startedAt = performance.now();
  const sandbox = createSandbox({ isolation, prewarmed: false });
  try {
    const outcome = await sandbox.run(
      {
        runId: 'doctor',
        integrationId: 'doctor',
        bundle: {
          connectorId: 'doctor',
          digest: 'doctor',
          filename: 'doctor/index.js',
          format: 'commonjs',
          code: 'exports.utilities = { answer: () => 42 }',
        },
        call: { section: 'utilities', name: 'answer', argument: '{}' },
        limits: { ...defaultLimits, timeoutMs: CHILD_LIMIT_MS },
      },
      fixedAsk('{"value":null}'),
    );
    if (outcome.status === 'answered' && outcome.result === '42') {
      return ok(
        'compartment',
        `A connector's ${isolation} starts and answers in ${Math.round(performance.now() - startedAt)} ms.`,
      );
    }
    const why = outcome.status === 'faulted' ? outcome.fault : outcome.status;
    return problem('compartment', `A connector's ${isolation} does not answer (${why}): no connector can run.`);
  } finally {
    await sandbox.close();
  }
}

/** Memory and CPU time of connectors' processes are read from /proc. */
export async function checkProcFileSystem(platform: NodeJS.Platform): Promise<CheckResult> {
  if (platform !== 'linux') {
    return warning('proc', `${platform} has no /proc: only deadlines limit a connector's memory outside its heap.`);
  }
  try {
    await Promise.all(['statm', 'stat'].map((name) => readFile(`/proc/${process.pid}/${name}`)));
    return ok('proc', "/proc is readable: connectors' memory and CPU time are monitored.");
  } catch (error) {
    return warning(
      'proc',
      `/proc cannot be read (${codeOf(error)}): only deadlines limit a connector's memory outside its heap.`,
    );
  }
}
