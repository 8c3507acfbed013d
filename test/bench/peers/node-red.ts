/** Node-RED: a flow of http in, function and http response. Its functions run in `node:vm`. */
import { serveNodeRed } from './node-red-server.ts';

await serveNodeRed([
  { id: 'n0', type: 'tab', label: 'echo' },
  { id: 'n1', type: 'http in', z: 'n0', url: '/', method: 'put', wires: [['n2']] },
  { id: 'n2', type: 'function', z: 'n0', func: 'return msg;', outputs: 1, wires: [['n3']] },
  { id: 'n3', type: 'http response', z: 'n0', wires: [] },
]);
