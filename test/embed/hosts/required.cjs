/** From CommonJS, which may require what has no top-level await. */
const { createRuntime } = require('bulkhead');

(async () => {
  const { echo, folders, say } = await import('./parts.mjs');
  const runtime = await createRuntime(folders());
  const answer = await echo(runtime, 'required');
  await runtime.close();
  say({ answer });
})();
