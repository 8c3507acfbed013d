/** Runs code in the realm of the calling thread and reports the result. */
export interface Attempt {
  /** The body of an async function with the parameters `given`, `builtin` and `nativeHandle`. */
  readonly code: string;
  readonly given: unknown;
}
/** `refused` is the error's code, or its message if it has none. */
export type AttemptResult = { readonly got: unknown } | { readonly refused: string };

/** The native object behind what `act` starts, which bypasses the checks that Node does in JavaScript. */
function nativeHandle(type: string, act: () => unknown): unknown {
  const { createHook } = process.getBuiltinModule('node:async_hooks');
  let found: unknown;
  const hook = createHook({
    init(_id, itsType, _trigger, resource) {
      if (itsType === type) found ??= resource;
    },
  }).enable();
  try {
    act();
  } catch {
    // The object is made before the check throws.
  }
  hook.disable();
  return found;
}

export async function attempt({ code, given }: Attempt): Promise<AttemptResult> {
  const thrownLater = Promise.withResolvers<never>();
  process.on('uncaughtException', thrownLater.reject);
  try {
    const act = new Function('given', 'builtin', 'nativeHandle', `return (async () => { ${code} })()`);
    return {
      got: (await Promise.race([act(given, process.getBuiltinModule, nativeHandle), thrownLater.promise])) ?? null,
    };
  } catch (error) {
    const { code: itsCode, message } = error as NodeJS.ErrnoException;
    return { refused: itsCode ?? message };
  } finally {
    process.off('uncaughtException', thrownLater.reject);
  }
}
