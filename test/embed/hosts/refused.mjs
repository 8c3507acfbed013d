/** A start that is refused leaves nothing behind. */
import { existsSync } from 'node:fs';
import { createRuntime, OptionError, StoreError } from 'bulkhead';
import { children, echo, folders, resources, resourcesLike, say } from './parts.mjs';

const refused = (options) =>
  createRuntime(options).then(
    () => 'started',
    (error) => [error instanceof OptionError, error instanceof StoreError, error.code ?? error.name],
  );
const before = resources();
const wrong = { ...folders('wrong') };
const options = [];
for (const part of [
  { port: 'x' },
  { isolation: 'none' },
  { runMemoryMb: 1 },
  { data: '' },
  { token: 'a b' },
  { host: 5 },
]) {
  options.push(await refused({ ...wrong, ...part }));
}
const untouched = !existsSync(wrong.data);
const afterOptions = await resourcesLike(before);
const given = folders('locked');
const first = await createRuntime(given);
await first.ready();
const locked = await refused(given);
const answer = await echo(first, 'still here');
await first.close();
const again = await createRuntime(given);
await again.close();
say({ options, untouched, afterOptions, locked, answer, before, after: await resourcesLike(before), left: children() });
