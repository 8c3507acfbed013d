/** A start that is refused leaves nothing behind. */
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createRuntime, OptionError, StoreError } from 'bulkhead';
import { CONNECTOR, children, codeOf, echo, folders, resources, resourcesLike, say } from './parts.mjs';

const refused = (options) =>
  createRuntime(options).then(
    () => 'started',
    (error) => [error instanceof OptionError, error instanceof StoreError, error.code ?? error.name],
  );
/** Where the system lists them. */
const openFiles = () =>
  (existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd') : []).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      // The one that lists them.
      return [];
    }
  });
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
  { prot: 3000 },
]) {
  options.push(await refused({ ...wrong, ...part }));
}
const untouched = !existsSync(wrong.data);
const afterOptions = await resourcesLike(before);
// Half way: the store and the runs are open by then.
const half = folders('half');
mkdirSync(half.data);
writeFileSync(join(half.data, 'connectors'), '');
const filesBefore = openFiles();
const halfWay = await refused(half);
const filesLeft = openFiles().filter((file) => !filesBefore.includes(file));
rmSync(join(half.data, 'connectors'));
const mended = await createRuntime(half);
await mended.close();

const taken = createServer().listen(0, '127.0.0.1');
await once(taken, 'listening');
const { port } = taken.address();
const retrying = await createRuntime({ ...folders('port'), port });
const inUse = await codeOf(retrying.listen());
taken.close();
await once(taken, 'close');
const listens = (await retrying.listen()).listening;
await retrying.close();

const given = folders('locked');
const first = await createRuntime({ ...given, runArgumentBytes: 1024 });
await first.ready();
const locked = await refused(given);
const answer = await echo(first, 'still here');
const { _id } = await first.install(CONNECTOR, { tag: 'options' });
const circle = {};
circle.circle = circle;
const callOptions = await Promise.all(
  [5, 'text', null, [1], circle, { big: 5n }, new Date(0), () => {}].map((body) =>
    codeOf(first.call(_id, 'settings', 'echo', body)),
  ),
);
const large = await codeOf(first.call(_id, 'settings', 'echo', { word: 'x'.repeat(1024) }));
await first.close();
const again = await createRuntime(given);
await again.close();
say({
  halfWay,
  filesLeft,
  inUse,
  listens,
  callOptions,
  large,
  options,
  untouched,
  afterOptions,
  locked,
  answer,
  before,
  after: await resourcesLike(before),
  left: children(),
});
