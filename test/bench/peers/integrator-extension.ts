/**
 * Express with the public `integrator-extension` package, which finds a connector's function and checks
 * what comes of it: with a token, a record of each call in a log, and no sandbox.
 */
import { timingSafeEqual } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { devNull } from 'node:os';
import express from 'express';
import expressWinston from 'express-winston';
import Extension from 'integrator-extension';
import winston from 'winston';

const CONNECTOR_ID = '5c0f3b2a9d1e4f6a7b8c9d0e';
/** The load generator's. */
const EXPECTED = Buffer.from('Bearer the-benchs-token');

// The package says on the console which function is called.
const log = createWriteStream(devNull);
console.log = (line: unknown) => void log.write(`${line}\n`);

const extension = new Extension();
extension.loadConfiguration(
  {
    connectors: {
      [CONNECTOR_ID]: {
        settings: {
          echo: (options: unknown, callback: (error: null, result: unknown) => void) => callback(null, options),
        },
      },
    },
  },
  (error: unknown) => {
    if (error) throw error;
  },
);

const app = express();
app.use(express.json({ limit: '50mb' }));
app.use(
  expressWinston.logger({
    transports: [new winston.transports.Stream({ stream: createWriteStream(devNull) })],
    msg: 'method={{req.method}}, url={{req.url}}, status={{res.statusCode}}, ms={{res.responseTime}}',
    meta: false,
  }),
);
app.put('/', (request, response) => {
  const given = Buffer.from(request.get('authorization') ?? '');
  if (given.length !== EXPECTED.length || !timingSafeEqual(given, EXPECTED)) {
    response.status(401).json({ errors: [{ code: 'unauthorized' }] });
    return;
  }
  const call = { _connectorId: CONNECTOR_ID, type: 'setting', function: 'echo', maxResponseSize: 5 * 1024 * 1024 };
  extension.callFunction(
    request.body,
    call,
    (error: { statusCode: number; errors: unknown } | null, result: unknown) => {
      if (error) response.status(error.statusCode).json({ errors: error.errors });
      else response.json(result);
    },
  );
});
const server = app.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
