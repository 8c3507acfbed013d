/**
 * What a thread's Node realm gives up before it runs any connector code. Only code that has broken out of
 * its isolate would notice.
 */
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import v8 from 'node:v8';

/** All permissions that Node can drop. The thread has loaded everything it needs by then. */
const permissions = ['fs', 'net', 'child', 'worker', 'addon', 'inspector', 'wasi', 'ffi'];

/**
 * What no permission covers: signals reach any process of the same user, V8 flags can reopen what is
 * closed, and the rest tells about the machine. Once no threads can be started, these properties are the
 * only way to them.
 */
const removals: [object, string[]][] = [
  [process, ['kill', '_kill', '_debugProcess', '_debugEnd', 'binding', '_linkedBinding', 'dlopen']],
  [os, ['setPriority', 'hostname', 'networkInterfaces', 'userInfo']],
  [v8, ['setFlagsFromString', 'setHeapSnapshotNearHeapLimit']],
];

/** Cannot be undone. Permissions exist only in a compartment's process, and only if this Node can drop them. */
export function confine(): void {
  for (const [holder, names] of removals) for (const name of names) Reflect.deleteProperty(holder, name);
  syncBuiltinESMExports();
  const { permission } = process as { permission?: { drop?: (scope: string) => void } };
  for (const scope of permissions) permission?.drop?.(scope);
}
