/** Checks what a server needs to start: the port and the bundles. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createSandbox } from '../../../sandbox/index.ts';
import { bundleEntries, readEntry } from '../../connector/folder.ts';
import { loadProblem } from '../../connector/load-check.ts';
import type { Options } from '../../options.ts';
import { objectIds } from '../../store/object-id.ts';
import { type CheckResult, codeOf, ok, problem, warning } from './check-result.ts';

/** @param holder the process using the data folder; it likely uses the port, too */
export async function checkPort({ host, port: number }: Options, holder: string | undefined): Promise<CheckResult> {
  const server = createServer();
  try {
    server.listen(number, host);
    await once(server, 'listening');
    return ok('port', number === 0 ? 'The server will use any free port.' : `Port ${number} on ${host} is free.`);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EADDRINUSE' && holder !== undefined)
      return ok('port', `Port ${number} on ${host} is in use, most likely by that server.`);
    if (code === 'EADDRINUSE') return problem('port', `Port ${number} on ${host} is in use by another process.`);
    if (code === 'EACCES') return problem('port', `This user may not listen on port ${number}.`);
    return problem('port', `The host ${host} is not an address of this machine (${code}).`);
  } finally {
    server.close();
  }
}

/** @param onBundle called before each bundle is loaded */
export async function checkBundles(
  folder: string,
  isolation: Options['isolation'],
  onBundle: (name: string) => void,
): Promise<CheckResult[]> {
  let names: string[];
  try {
    names = await bundleEntries(folder);
  } catch (error) {
    return [problem('bundles', `${folder} cannot be listed (${codeOf(error)}).`)];
  }
  const sandbox = createSandbox({ isolation, prewarmed: false });
  const newId = objectIds();
  const refused: CheckResult[] = [];
  const owners = new Map<string, string>();
  try {
    for (const name of names) {
      onBundle(name);
      const { connector, reasons } = await readEntry(folder, name);
      const why = connector
        ? await loadProblem(sandbox, newId, connector, false)
        : reasons.map(({ message }) => message).join('; ');
      const owner = connector && owners.get(connector._id);
      if (connector) owners.set(connector._id, owner ?? name);
      if (why) refused.push(problem('bundles', `The bundle ${name} does not load: ${why}.`));
      else if (owner !== undefined)
        refused.push(problem('bundles', `The bundle ${name} has the same id as ${owner}: one of them is refused.`));
    }
  } finally {
    await sandbox.close();
  }
  if (refused.length > 0) return refused;
  if (names.length === 0)
    return [warning('bundles', `There are no bundles in ${folder}, so nothing can be installed.`)];
  return [ok('bundles', `All ${names.length} bundles in ${folder} load.`)];
}
