/** `bulkhead doctor`: reports problems of this machine and of the data folder or the database. */
import { resolve } from 'node:path';
import type { Options } from '../options.ts';
import { type Command, FAILED, jsonFlag, serverOptions } from './command.ts';
import type { CheckResult } from './doctor/check-result.ts';
import { checkDataFolder, checkTemporaryFolder, type DataFolder } from './doctor/data-folder.ts';
import { checkDatabase } from './doctor/database.ts';
import {
  checkCompartment,
  checkIsolatedVm,
  checkNodeVersion,
  checkPermissionModel,
  checkProcFileSystem,
} from './doctor/machine.ts';
import { checkBundles, checkPort } from './doctor/server.ts';
import { type ProgressLine, progressLineOn } from './progress-line.ts';

const labels = { ok: 'ok     ', warning: 'warning', problem: 'PROBLEM' } as const;

export const doctor: Command = {
  name: 'doctor',
  summary: 'Checks this machine, the data folder or database, and the bundles. Changes nothing.',
  expects: 'nothing',
  flags: [jsonFlag],
  options: ['data', 'store', 'connectors', 'isolation', 'secretKey', ...serverOptions],
  examples: ['bulkhead doctor', 'bulkhead doctor --data /var/lib/bulkhead --json'],

  async run({ options, flags, out, cwd }) {
    const isJson = flags.json === true;
    const progress = progressLineOn(out);
    const results: CheckResult[] = [];
    for await (const result of runChecks(options, cwd, progress)) {
      results.push(result);
      progress.clear();
      if (!isJson) out.write(`${labels[result.status]}  ${result.sentence}\n`);
    }
    progress.clear();
    const problems = results.filter(({ status }) => status === 'problem').length;
    if (isJson) out.write(`${JSON.stringify({ healthy: problems === 0, verdicts: results })}\n`);
    else
      out.write(problems === 0 ? 'No problems found.\n' : `${problems} problem${problems === 1 ? '' : 's'} found.\n`);
    return problems === 0 ? undefined : FAILED;
  },
};

async function* runChecks(options: Options, cwd: string, progress: ProgressLine): AsyncGenerator<CheckResult> {
  yield checkNodeVersion(process.versions.node);
  progress.show('Loading isolated-vm …');
  const isolatedVmResult = await checkIsolatedVm();
  yield isolatedVmResult;
  yield await checkPermissionModel();
  yield await checkProcFileSystem(process.platform);
  progress.show('Starting a compartment …');
  const compartmentResult = await checkCompartment(options);
  yield compartmentResult;
  const { results, holder } = await checkStore(options, cwd);
  yield* results;
  yield await checkPort(options, holder);
  // Without a compartment no bundle loads, and that has been reported.
  if (compartmentResult.status !== 'ok') return;
  const folder = resolve(cwd, options.connectors);
  yield* await checkBundles(folder, options.isolation, (name) => progress.show(`Loading ${name} …`));
}

async function checkStore(
  { data, store, secretKey }: Options,
  cwd: string,
): Promise<Pick<DataFolder, 'results' | 'holder'>> {
  const folder = resolve(cwd, data);
  const hasKey = secretKey !== undefined;
  if (store === undefined) return checkDataFolder(folder, hasKey, Date.now());
  const results = [...(await checkTemporaryFolder(folder)), ...(await checkDatabase(store, hasKey, Date.now()))];
  return { results, holder: undefined };
}
