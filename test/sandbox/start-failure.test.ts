/** What is reported when compartments' processes do not start or cannot be watched. */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createSandbox, defaultLimits, fixedAsk } from '../../sandbox/index.ts';
import { earlyExitMessage, nodeProgram, spawnErrorMessage } from '../../sandbox/supervisor/start-failure.ts';
import { Supervisor } from '../../sandbox/supervisor/supervisor.ts';
import { createClient } from '../support/client.ts';
import { temporaryFolder, writeBundle } from '../support/folders.ts';
import { connectorIdOf } from '../support/runtime.ts';
import { type Server, startServer } from '../support/server.ts';
import { startArguments } from '../support/start.ts';

async function serverWith(shell: string, environment: Record<string, string> = {}): Promise<Server> {
  const [connectors, data] = [await temporaryFolder(), await temporaryFolder()];
  await writeBundle(connectors, 'a', { code: 'exports.utilities = { f: () => 1 };' });
  const folders = { BULKHEAD_CONNECTORS: connectors, BULKHEAD_DATA: data };
  return startServer({ BULKHEAD_TOKEN: 'a-token', ...folders, ...environment }, [], startArguments, shell);
}

/** The bundle's row in the listing and the reply of `/readyz`, once the bundle has been checked. */
async function statusOf({ url }: Server) {
  const client = createClient(url, 'a-token');
  const [row] = (await client('GET', '/connectors')).body;
  const { status, body } = await client('GET', '/readyz');
  return { row, ready: [status, body.status], reasons: body.reasons as string[] };
}

test.skipIf(process.platform === 'win32')(
  'with a limit of 32 open files, the reason is reported and the server is degraded',
  async () => {
    const { row, ready, reasons } = await statusOf(await serverWith('ulimit -n 32;'));
    const reason = /Cannot start a connector process: .* open files .*ulimit -n.* \(EMFILE\)\./;
    expect(row).toMatchObject({
      status: 'invalid',
      errors: [{ code: 'overloaded', message: expect.stringMatching(reason) }],
    });
    expect([ready, reasons]).toEqual([[200, 'degraded'], [expect.stringMatching(reason)]]);
  },
);

test('a healthy machine is not degraded', async () => {
  const { row, ready, reasons } = await statusOf(await serverWith(''));
  expect([row.status, ready, reasons]).toEqual(['ready', [200, 'ok'], []]);
});

const isolated = ['unshare -m', 'unshare -rm'].find(
  (command) => spawnSync('sh', ['-c', `${command} sh -c 'mount -t tmpfs none /proc'`]).status === 0,
);

describe.skipIf(isolated === undefined)('without /proc', () => {
  const without = (rest: string): string =>
    `exec ${isolated} sh -c 'mount -t tmpfs none /proc; ${rest} exec "$@"' sh "$@";`;

  test('connectors are served, and the missing protection is reported', async () => {
    const server = await serverWith(without(''));
    const { row, ready, reasons } = await statusOf(server);
    expect([row.status, ready]).toEqual(['ready', [200, 'degraded']]);
    expect(reasons).toEqual([expect.stringContaining('cannot be read from /proc')]);
    const client = createClient(server.url, 'a-token');
    const { body } = await client('POST', `/integrations/${await connectorIdOf(client, 'a')}/install`);
    expect((await client('PUT', `/integrations/${body._id}/utilities/f`)).body).toBe(1);
  });

  test('if Node was started by a bare name, it cannot find its executable, and that is reported', async () => {
    const { row, ready, reasons } = await statusOf(
      await serverWith(without('shift; set -- node "$@";'), {
        PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      }),
    );
    expect(row).toMatchObject({
      status: 'invalid',
      errors: [{ message: expect.stringContaining('without /proc, Node cannot find its own executable') }],
    });
    expect(ready).toEqual([200, 'degraded']);
    expect(reasons).toEqual([
      expect.stringContaining('without /proc, Node cannot find its own executable'),
      expect.stringContaining('cannot be read from /proc'),
    ]);
  });
});

const job = {
  runId: 'r',
  bundle: {
    connectorId: 'c',
    digest: 'd',
    filename: 'c/index.js',
    format: 'commonjs',
    code: 'exports.utilities = { f: () => 1 }',
  },
  integrationId: 'i',
  call: { section: 'utilities', name: 'f', argument: '{}' },
  limits: defaultLimits,
} as const;
const ask = fixedAsk('{}');

test('runs say why there is no process, and the problem is gone once one has started', async () => {
  const good = createSandbox({ prewarmed: false, threads: 1, isolation: 'thread' });
  expect(good.problems()).toEqual([]);
  await good.close();

  const { startInProcess } = await import('../../sandbox/process/in-process.ts');
  let isBroken = true;
  const problem = spawnErrorMessage(Object.assign(new Error('spawn'), { code: 'EAGAIN' }));
  const sandbox = new Supervisor(
    (options) =>
      isBroken
        ? { pipes: [], exited: Promise.resolve({ fault: 'sandbox_crashed', problem }), lowerPriority() {}, kill() {} }
        : startInProcess(options),
    {
      threads: 1,
      warmIsolates: 1,
      warmMb: 64,
      warmMs: 1_000,
      residentMb: 1_000,
      compartments: 1,
      crashesPerMinute: 1,
      idleMs: 60_000,
      prewarmed: false,
      runs: 10,
      runsPerConnector: 10,
      queuePerConnector: 0,
    },
  );
  for (let i = 0; i < 5; i++) {
    expect(await sandbox.run(job, ask)).toMatchObject({ status: 'faulted', fault: 'overloaded', message: problem });
  }
  expect(sandbox.problems()).toEqual([problem]);
  // It is not the connector's fault.
  expect(sandbox.isCircuitOpen('c')).toBe(false);
  isBroken = false;
  expect(await sandbox.run(job, ask)).toMatchObject({ status: 'answered', result: '1' });
  expect(sandbox.problems()).toEqual([]);
  await sandbox.close();
});

test.each([
  ['EMFILE', 'ulimit -n'],
  ['EAGAIN', 'ulimit -u'],
  ['ENOMEM', 'out of memory'],
  ['ENOENT', 'the Node executable no longer exists'],
  ['EPERM', 'Cannot start a connector process: EPERM.'],
])('%s is explained', (code, words) => {
  expect(spawnErrorMessage(Object.assign(new Error('spawn'), { code }))).toContain(words);
});

test('how a process exited while starting', () => {
  expect(earlyExitMessage(9, null)).toContain('(exit code 9)');
  expect(earlyExitMessage(null, 'SIGKILL')).toContain('(SIGKILL)');
});

test('Node is found by a full or relative path, never by a bare name', () => {
  expect(nodeProgram('/usr/bin/node')).toBe('/usr/bin/node');
  expect(nodeProgram('bin/node')).toBe(join(process.cwd(), 'bin/node'));
  expect(nodeProgram('node')).toBeUndefined();
});
