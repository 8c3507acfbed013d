/** What the programs beside this file share. They are what somebody writes who embeds the package. */
import { globSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const TOKEN = 'the-hosts-token';

const code = `

exports.settings = {
  echo: async ({ word }) => ({ said: word }),
  loop: () => { for (;;); },
  heap: () => { for (const list = []; ; ) list.push(new Array(1000).fill(1)); },
  beside: () => ('\uFDFA'.repeat(1 << 24)).normalize('NFKD').length,
  never: () => new Promise(() => {}),
  stuck: () => Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1),
  waits: () => new Promise((resolve) => setTimeout(resolve, 20_000)),
  slow: () => new Promise((resolve) => setTimeout(resolve, 300, { slow: true })),
};`;

export const CONNECTOR = 'abcdefabcdefabcdefabcdef';

/** Options for a runtime with folders of its own, in which there is a connector. */
export function folders(name = 'one') {
  const folder = mkdtempSync(join(process.cwd(), `${name}-`));
  const [data, connectors] = [join(folder, 'data'), join(folder, 'connectors')];
  mkdirSync(join(connectors, 'echo'), { recursive: true });
  const manifest = { name: 'echo', version: '1.0.0', main: 'index.js', connector: { _id: CONNECTOR } };
  writeFileSync(join(connectors, 'echo/package.json'), JSON.stringify(manifest));
  writeFileSync(join(connectors, 'echo/index.js'), code);
  return { data, connectors, token: TOKEN };
}

/** Installs the connector and calls it. */
export async function echo(runtime, word) {
  await runtime.ready();
  const { _id } = await runtime.install(CONNECTOR, { tag: word });
  return runtime.call(_id, 'settings', 'echo', { word });
}

/** The code that it rejects with. */
export const codeOf = (promise) =>
  promise.then(
    () => 'answered',
    (error) => error.code ?? error.name,
  );

/** Ids of this process's children; of none where the system does not list them. */
export function children() {
  return globSync('/proc/self/task/*/children').flatMap((file) => readFileSync(file, 'utf8').match(/\d+/g) ?? []);
}

// A process has these; that somebody looks at them is not to be counted.
const streams = [process.stdout, process.stderr];

/** What keeps a process going, or might. */
export const resources = () => process.getActiveResourcesInfo().sort();

/** The same, when what the system ends by and by has ended. */
export async function resourcesLike(before, limitMs = 1_000) {
  const start = Date.now();
  while (String(resources()) !== String(before) && Date.now() - start < limitMs) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return resources();
}

/** Files that read the environment from here on, and what they read. */
export function environmentReads() {
  const reads = [];
  const { env } = process;
  const note = (name) => {
    const [, , , caller = ''] = new Error().stack.split('\n');
    reads.push([String(name), caller]);
  };
  process.env = new Proxy(env, {
    get(target, name) {
      note(name);
      return target[name];
    },
    has(target, name) {
      note(name);
      return name in target;
    },
    ownKeys(target) {
      note('*');
      return Reflect.ownKeys(target);
    },
    getOwnPropertyDescriptor(target, name) {
      note(name);
      return Reflect.getOwnPropertyDescriptor(target, name);
    },
  });
  const named = (part) => [...new Set(reads.filter(([, caller]) => caller.includes(part)).map(([name]) => name))];
  return {
    /** Names that code in files with this in their path has read. */
    by: named,
    all: () => [...new Set(reads.map(([name]) => name))],
  };
}

export const say = (result) => streams[0].write(`${JSON.stringify({ at: Date.now(), ...result })}\n`);
