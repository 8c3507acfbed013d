/** Node-RED: the flow of `flows.ts`: a loop of http request, function and http request, from page to page. */
import { fields } from '../flows-application.ts';
import { serveNodeRed } from './node-red-server.ts';

const origin = process.env.APPLICATION;
const ask = `msg.url = '${origin}/items?page=' + msg.page; msg.method = 'GET'; msg.headers = {}; return msg;`;
/** What the hooks and the mapping do. The second output ends the loop. */
const map = `if (msg.payload.items.length === 0) return [null, msg];
  msg.payload = msg.payload.items.filter(({ id }) => id > 0).map((record) => {
    const mapped = {};
    for (const field of ${JSON.stringify(fields)}) mapped[field] = record[field];
    return { ...mapped, stamped: true };
  });
  msg.url = '${origin}/batch'; msg.method = 'POST'; msg.headers = { 'content-type': 'application/json' };
  return [msg, null];`;
const request = { type: 'http request', z: 'n0', method: 'use', ret: 'obj', persist: true };

await serveNodeRed([
  { id: 'n0', type: 'tab', label: 'pages' },
  { id: 'n1', type: 'http in', z: 'n0', url: '/run', method: 'put', wires: [['n2']] },
  { id: 'n2', type: 'function', z: 'n0', func: 'msg.page = 1; return msg;', outputs: 1, wires: [['n3']] },
  { id: 'n3', type: 'function', z: 'n0', func: ask, outputs: 1, wires: [['n4']] },
  { id: 'n4', ...request, wires: [['n5']] },
  { id: 'n5', type: 'function', z: 'n0', func: map, outputs: 2, wires: [['n6'], ['n8']] },
  { id: 'n6', ...request, wires: [['n7']] },
  { id: 'n7', type: 'function', z: 'n0', func: 'msg.page++; return msg;', outputs: 1, wires: [['n3']] },
  { id: 'n8', type: 'http response', z: 'n0', statusCode: '204', wires: [] },
]);
