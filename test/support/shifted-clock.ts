/** Loaded with `--import` before a server: a clock that is wrong by `TEST_CLOCK_SHIFT_MS`. */
const shiftMs = Number(process.env.TEST_CLOCK_SHIFT_MS);
const realNow = Date.now;

Date.now = () => realNow() + shiftMs;
globalThis.Date = new Proxy(Date, {
  construct: (target, args: []) => (args.length === 0 ? new target(target.now()) : new target(...args)),
});
