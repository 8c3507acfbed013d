/** Every kind of use, then close: what is left? */
import { createRuntime } from 'bulkhead';
import { CONNECTOR, children, codeOf, echo, folders, resources, resourcesLike, say, TOKEN } from './parts.mjs';

const isolation = process.argv[2];
const before = resources();
const runtime = await createRuntime({ ...folders(), port: 0, ...(isolation ? { isolation } : {}) });
const server = await runtime.listen();
const answer = await echo(runtime, 'hello');
const headers = { authorization: `Bearer ${TOKEN}` };
const events = await fetch(`${runtime.url}/v1/events`, { headers });
const metrics = await (await fetch(`${runtime.url}/metrics`, { headers })).text();
const { _id } = await runtime.install(CONNECTOR, { tag: 'cut off' });
const never = codeOf(runtime.call(_id, 'settings', 'never'));
const [during, pids] = [resources(), children()];
const closing = runtime.close({ drainMs: 100 });
const isSame = closing === runtime.close();
await closing;
await events.text();
const later = [
  await codeOf(runtime.listen()),
  await codeOf(runtime.call(_id, 'settings', 'echo')),
  await codeOf(runtime.install(CONNECTOR)),
  await codeOf(runtime.uninstall(_id)),
];
say({
  answer,
  hadMetrics: metrics.includes('bulkhead_'),
  pids,
  left: children(),
  before,
  during,
  after: await resourcesLike(before),
  isSame,
  isListening: server.listening,
  never: await never,
  later,
});
