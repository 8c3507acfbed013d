/**
 * What a thread's own Node realm gives up before any connector code is near it. Only code that has
 * broken out of its isolate would find it gone.
 */
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import v8 from 'node:v8';

/** All of Node's permissions that can be given up; the thread has loaded what it needs. */
const permissions = ['fs', 'net', 'child', 'worker', 'addon', 'inspector', 'wasi', 'ffi'];

/**
 * What no permission covers. Signals reach any process of the same user; the flags of V8 open what is
 * closed; the rest tells about the machine. There is no other way to them than these properties once new threads cannot be started.
 */
const gifts: [object, string[]][] = [
  [process, ['kill', '_kill', '_debugProcess', '_debugEnd', 'binding', '_linkedBinding', 'dlopen']],
  [os, ['setPriority', 'hostname', 'networkInterfaces', 'userInfo']],
  [v8, ['setFlagsFromString', 'setHeapSnapshotNearHeapLimit']],
];

/** For good. Permissions are there to give up only in a compartment's process, on a Node that can. */
export function confine(): void {
  for (const [holder, names] of gifts) for (const name of names) Reflect.deleteProperty(holder, name);
  syncBuiltinESMExports();
  const { permission } = process as { permission?: { drop?: (scope: string) => void } };
  for (const scope of permissions) permission?.drop?.(scope);
}
