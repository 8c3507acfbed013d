/** n8n: the flow of `flows.ts`: a webhook, and a loop of HTTP Request, Code, HTTP Request, from page to page. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fields } from '../flows-application.ts';

const origin = process.env.APPLICATION;
const program = fileURLToPath(new URL('n8n/node_modules/n8n/bin/n8n', import.meta.url));
const WORKFLOW = 'bulkheadBenchFlow';
const PATH = 'run';

/** What the hooks and the mapping do. */
const map = `const items = $input.first().json.items.filter(({ id }) => id > 0).map((record) => {
  const mapped = {};
  for (const field of ${JSON.stringify(fields)}) mapped[field] = record[field];
  return { ...mapped, stamped: true };
});
return [{ json: { items, isLast: items.length === 0 } }];`;

const node = (name: string, type: string, typeVersion: number, parameters: object, more: object = {}) => ({
  id: name,
  name,
  type: `n8n-nodes-base.${type}`,
  typeVersion,
  position: [0, 0],
  parameters,
  ...more,
});
const code = (name: string, jsCode: string) => node(name, 'code', 2, { jsCode });
const isMore = {
  id: 'more',
  leftValue: '={{ $json.isLast }}',
  rightValue: '',
  operator: { type: 'boolean', operation: 'false', singleValue: true },
};
const request = (name: string, parameters: object) => node(name, 'httpRequest', 4.2, parameters);
const asText = { response: { response: { responseFormat: 'text' } } };
const nodes = [
  node('Run', 'webhook', 2, { httpMethod: 'PUT', path: PATH, responseMode: 'lastNode' }, { webhookId: PATH }),
  code('First', 'return [{ json: { page: 1 } }];'),
  request('Read', { method: 'GET', url: `=${origin}/items?page={{ $json.page }}`, options: {} }),
  code('Map', map),
  node('More', 'if', 2, { conditions: { options: { version: 1 }, combinator: 'and', conditions: [isMore] } }),
  request('Write', {
    method: 'POST',
    url: `${origin}/batch`,
    sendBody: true,
    specifyBody: 'json',
    jsonBody: '={{ JSON.stringify($json.items) }}',
    options: asText,
  }),
  code('Next', 'return [{ json: { page: $runIndex + 2 } }];'),
  code('Done', 'return [{ json: {} }];'),
];
const to = (...names: string[]) => ({ main: names.map((name) => [{ node: name, type: 'main', index: 0 }]) });
const workflow = {
  id: WORKFLOW,
  name: 'pages',
  active: false,
  settings: { executionOrder: 'v1', saveDataSuccessExecution: 'none' },
  nodes,
  connections: {
    Run: to('First'),
    First: to('Read'),
    Read: to('Map'),
    Map: to('More'),
    More: to('Write', 'Done'),
    Write: to('Next'),
    Next: to('Read'),
  },
};

const folder = await mkdtemp(join(tmpdir(), 'bulkhead-n8n-'));
const port = await freePort();
const env = {
  PATH: process.env.PATH ?? '',
  N8N_USER_FOLDER: folder,
  N8N_PORT: String(port),
  N8N_DIAGNOSTICS_ENABLED: 'false',
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return free;
}

async function command(...args: string[]): Promise<void> {
  const [status] = await once(spawn(process.execPath, [program, ...args], { env, stdio: 'ignore' }), 'exit');
  if (status !== 0) throw new Error(`n8n ${args[0]} ended with ${status}`);
}

await writeFile(join(folder, 'workflow.json'), JSON.stringify([workflow]));
await command('import:workflow', `--input=${join(folder, 'workflow.json')}`);
await command('publish:workflow', `--id=${WORKFLOW}`);
const n8n = spawn(process.execPath, [program, 'start'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
process.once('SIGTERM', () => n8n.kill('SIGTERM'));
n8n.once('exit', () => process.exit());
let out = '';
n8n.stdout.setEncoding('utf8').on('data', (text: string) => {
  const isReady = /accessible/.test(out);
  out += text;
  if (!isReady && /accessible/.test(out)) process.stdout.write(`listening on http://127.0.0.1:${port}/webhook\n`);
});
