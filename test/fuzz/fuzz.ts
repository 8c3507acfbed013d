/** Tries every operation of an API with what nobody would send, from outside and out of runs. Seeded: the same seed sends the same. */
import fc from 'fast-check';
import { apiOf } from './operations.ts';
import { type FuzzRequest, requestsOf } from './requests.ts';
import type { FuzzReply } from './sender.ts';
import { wrongWith } from './verdict.ts';
import type { World } from './world.ts';

export interface FuzzOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Where a failure was found, to find it again at once. */
  readonly path?: string | undefined;
  /** The longest time that one batch may hold the event loop. */
  readonly heldMs: number;
  /** Signatures of failures that are known. */
  readonly known?: ReadonlySet<string>;
}

export interface Fuzzed {
  readonly requests: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly failure?: Failure | undefined;
}

export interface Failure {
  readonly what: string;
  readonly from: Origin;
  readonly requests: readonly FuzzRequest[];
  readonly seed: number;
  readonly path: string | null;
  /** Tells it apart from others. */
  readonly signature: string;
}

/** What a batch has brought to light. */
class Found extends Error {
  readonly signature: string;
  constructor(request: FuzzRequest, what: string) {
    super(`${request.method} ${request.target.slice(0, 300)}: ${what}`);
    this.signature = signatureOf(request, what);
  }
}

type Origin = 'outside' | 'run';

/** Requests at once. */
const BATCH = 5;
const SWEEP_EVERY = 200;
/** Never reached: the time ends it. */
const RUNS = 1_000_000;

/** Tells failures apart that have different causes, as far as that can be seen from outside. */
const signatureOf = ({ route }: FuzzRequest, what: string): string => {
  const cause = what.replace(/[0-9a-f]{24}|\d+ ms/g, '…').slice(0, 60);
  // Of what Node itself refuses it does not matter where it was to go.
  return /^431/.test(cause) ? cause : `${route}: ${cause}`;
};

export async function fuzz(world: World, options: FuzzOptions): Promise<Fuzzed> {
  const { seconds, seed, path, heldMs, known = new Set() } = options;
  const api = apiOf(await world.description());
  const statuses: Record<string, number> = {};
  let [requestsSent, batches] = [0, 0];

  const tryBatch = async (from: Origin, given: readonly FuzzRequest[]): Promise<void> => {
    const requests = given.map((request) => world.filled(request));
    const work = (): Promise<(FuzzReply | undefined)[]> =>
      from === 'run' ? world.inside(requests) : world.outside(requests);
    const { result: replies, readings } = await world.prober.during(work);
    // What is loaded when it is first asked for holds the loop once.
    const heldFor = readings.heldMs > heldMs ? (await world.prober.during(work)).readings.heldMs : 0;
    requestsSent += requests.length;
    for (const reply of replies) statuses[reply?.status ?? 'refused'] = (statuses[reply?.status ?? 'refused'] ?? 0) + 1;
    const found = replies.flatMap((reply, index) => {
      const request = requests[index] as FuzzRequest;
      const what = reply && wrongWith(request, reply);
      return what === undefined ? [] : [{ request, what }];
    });
    if (heldFor > heldMs)
      found.push({ request: requests[0] as FuzzRequest, what: `held the event loop for ${Math.round(heldFor)} ms` });
    if (readings.unwell > 0)
      found.push({ request: requests[0] as FuzzRequest, what: '/healthz was not answered with 200' });
    if (given.some(({ method }, index) => method === 'DELETE' && (replies[index]?.status ?? 0) < 300))
      await world.mend();
    if (++batches % SWEEP_EVERY === 0) await world.sweep();
    const [first] = found.filter(({ request, what }) => !known.has(signatureOf(request, what)));
    if (first) throw new Found(first.request, first.what);
  };

  let last: Promise<void> = Promise.resolve();
  const property = (from: Origin, requests: readonly FuzzRequest[]): Promise<void> => {
    last = tryBatch(from, requests);
    return last;
  };
  const origin = fc.constantFrom<Origin>('outside', 'run');
  const batch = fc.array(requestsOf(api), { minLength: 1, maxLength: BATCH });
  const outcome = await fc.check(fc.asyncProperty(origin, batch, property), {
    seed,
    ...(path === undefined ? {} : { path }),
    numRuns: RUNS,
    interruptAfterTimeLimit: seconds * 1_000,
    markInterruptAsFailure: false,
  });
  // When the time is over, one batch is still open: whoever looks at the server afterwards wants it to be done.
  await last.catch(() => {});
  const { failed, counterexample, errorInstance, counterexamplePath } = outcome;
  if (!failed || !counterexample) return { requests: requestsSent, statuses };
  const [from, requests] = counterexample;
  const what = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  const signature = errorInstance instanceof Found ? errorInstance.signature : what;
  const failure = { what, from, requests, seed: outcome.seed, path: counterexamplePath, signature };
  return { requests: requestsSent, statuses, failure };
}

/** All that it takes to see it again. */
export const inWords = ({ what, from, requests, seed, path }: Failure): string =>
  [
    `${from === 'run' ? 'Out of a run: ' : ''}${what}`,
    ...requests.map((request) => JSON.stringify(request).slice(0, 800)),
    `npm run fuzz -- --seed ${seed}${path === null ? '' : ` --path ${path}`}`,
  ].join('\n');
