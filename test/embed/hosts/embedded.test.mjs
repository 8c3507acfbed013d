import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createRuntime } from 'bulkhead';
import { echo, folders } from './parts.mjs';

let runtime;
before(async () => {
  runtime = await createRuntime(folders());
});
after(() => runtime.close());

test('answers', async () => {
  assert.deepEqual(await echo(runtime, 'in a test'), { said: 'in a test' });
});
