/** Added files elsewhere are watched like those in the folder, until the watcher is closed. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { watchBundles } from '../../src/connector/watch.ts';
import { temporaryFolder } from '../support/folders.ts';

test('reports a change of a file elsewhere, and ignores files added after close', async () => {
  const [folder, elsewhere] = [await temporaryFolder(), join(await temporaryFolder(), 'word.ts')];
  await writeFile(elsewhere, 'one');
  const onChange = vi.fn();
  const watcher = watchBundles(folder, onChange);
  await vi.waitFor(() => expect(onChange).toHaveBeenCalledOnce());
  watcher.add([elsewhere]);
  await vi.waitFor(
    async () => {
      await writeFile(elsewhere, String(performance.now()));
      expect(onChange.mock.calls.length).toBeGreaterThan(1);
    },
    { timeout: 5_000 },
  );
  await watcher.close();
  expect(() => watcher.add([elsewhere])).not.toThrow();
});
