/** Runs cases once in Node and once as connectors in a runtime, and compares results and requests. */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { connectorIdOf } from '../../src/connector/manifest.ts';
import { createRuntime, type Runtime } from '../../src/index.ts';
import { type Application, type Request, startApplication } from './application.ts';
import { type Built, bundleCases, casesFolder } from './bundle-cases.ts';

/** Of a difference, and of what is equal before it. */
const MAX_SHOWN_CHARS = 1_500;
const EQUAL_SHOWN_CHARS = 100;

interface Outcome {
  readonly result: unknown;
  readonly requests: readonly Request[];
}

export interface Row {
  readonly name: string;
  /** What differs, or why it does not build; empty if all is equal. */
  readonly problem: string;
}

export async function caseNames(): Promise<string[]> {
  const files = await readdir(casesFolder);
  return files.map((file) => file.replace(/\.js$/, '')).sort();
}

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));

/** JSON. */
type Given = NonNullable<Parameters<Runtime['call']>[3]>;

interface Case {
  readonly default: (given: Given) => unknown;
  /** What both sides get besides addresses. */
  readonly given?: () => unknown;
}

async function inNode({ default: run }: Case, given: Given, application: Application): Promise<Outcome> {
  const result = asJson(await run(given));
  return { result, requests: application.take() };
}

async function inRuntime(
  runtime: Runtime,
  connector: string,
  name: string,
  given: Given,
  application: Application,
): Promise<Outcome> {
  try {
    const { _id } = await runtime.install(connectorIdOf(connector));
    const result = await runtime.call(_id, 'utilities', name, given);
    return { result, requests: application.take() };
  } catch (error) {
    return { result: `${error}`, requests: application.take() };
  }
}

function differenceOf(node: Outcome, guest: Outcome): string {
  for (const part of ['result', 'requests'] as const) {
    if (isDeepStrictEqual(node[part], guest[part])) continue;
    const [inNode, inGuest] = [JSON.stringify(node[part]), JSON.stringify(guest[part])];
    const differsAt = [...inNode].findIndex((character, i) => character !== inGuest[i]);
    const shown = (text: string): string =>
      text.slice(Math.max(0, differsAt - EQUAL_SHOWN_CHARS)).slice(0, MAX_SHOWN_CHARS);
    return `${part}\n      Node  ${shown(inNode)}\n      guest ${shown(inGuest)}`;
  }
  return '';
}

interface Matrix extends AsyncDisposable {
  /** Must be called before `run`. */
  bundle(connector: string, cases: readonly string[], minify?: boolean): Promise<Built>;
  run(connector: string, name: string): Promise<Row>;
}

export async function openMatrix(): Promise<Matrix> {
  const work = await mkdtemp(join(tmpdir(), 'bulkhead-packages-'));
  const application = await startApplication();
  const connectors = join(work, 'connectors');
  await mkdir(connectors);
  const origins = [application.url, application.closed];
  let runtime: Runtime | undefined;
  const started = async (): Promise<Runtime> => {
    runtime ??= await createRuntime({ data: join(work, 'data'), connectors, allowPrivateNetwork: '127.0.0.1' });
    await runtime.ready();
    return runtime;
  };
  return {
    bundle(connector, cases, minify = false) {
      const into = join(work, minify ? 'minified' : 'connectors', connector);
      return bundleCases(connector, cases, into, origins, minify);
    },
    async run(connector, name) {
      const own = await started();
      application.take();
      const read = (await import(join(casesFolder, `${name}.js`))) as Case;
      const given = { url: application.url, closed: application.closed, keys: asJson(read.given?.()) } as Given;
      const node = await inNode(read, given, application);
      return { name, problem: differenceOf(node, await inRuntime(own, connector, name, given, application)) };
    },
    async [Symbol.asyncDispose]() {
      await runtime?.close();
      application.close();
      await rm(work, { recursive: true, force: true });
    },
  };
}
