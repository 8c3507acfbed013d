/**
 * npm runs this after `npm ci`, and when another project installs this checkout as a link, as `bulkhead init` makes it.
 * That project needs what `npm run build` makes: the command and the types are in `dist`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isThere } from './generated-files.ts';
import { removeEngines } from './lock-file.ts';

const { INIT_CWD: startedIn, npm_execpath: npm } = process.env;
const here = process.cwd();

/** Whether the sources have changed since the last build. */
function isOutdated(): boolean {
  const builtAt = statSync(join('dist', 'src', 'main.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = ['src', 'sandbox'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()),
  );
  return sources.some(({ parentPath, name }) => statSync(join(parentPath, name)).mtimeMs > builtAt);
}

const isLinked = startedIn !== undefined && realpathSync(startedIn) !== realpathSync(here);
if (!isLinked) {
  if (existsSync('package-lock.json')) removeEngines('package-lock.json');
  await import('./generate.ts');
} else if (isOutdated()) {
  if (npm === undefined || !isThere('typescript/package.json')) {
    process.stderr.write(`Run "npm ci" in ${here} first: it has not been built.\n`);
    process.exitCode = 1;
  } else {
    process.exitCode = spawnSync(process.execPath, [npm, 'run', '--silent', 'build'], { stdio: 'inherit' }).status ?? 1;
  }
}
