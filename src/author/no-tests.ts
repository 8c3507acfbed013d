/** A reporter for Node's test runner, beside the one that shows the tests: to have run none is a failure. */
import type { TestEvent } from 'node:test/reporters';

export default async function* noTests(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let testCount = 0;
  for await (const { type } of events) if (type === 'test:pass' || type === 'test:fail') testCount++;
  if (testCount > 0) return;
  process.exitCode = 1;
  yield 'No tests were found: they lie in *.test.js or *.test.ts, or in a folder named test.\n';
}
