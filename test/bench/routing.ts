/**
 * What it costs to find a call's route: with a router per shape of a path, as shipped, with one router for
 * all routes, and by calling the first layer that fits. They take turns every 50 ms in one process and under one
 * load, so other work on the machine disturbs them alike. Compartments are threads here: the CPU time of the process
 * is that of whole calls.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as koaRouter from '@koa/router';
import type { Middleware } from 'koa';
import { createRuntime } from '../../src/index.ts';
import { createClient } from '../support/client.ts';
import { writeBundle } from '../support/folders.ts';
import { type Figure, figure, tableOf } from './figures.ts';
import { measure, type Settings, TOKEN } from './rig.ts';

const { Router } = createRequire(import.meta.url)('@koa/router') as typeof koaRouter;
const TURN_MS = 50;
const INTEGRATIONS = 50;
const ways = ['a router per shape', 'one router', 'first layer that fits'] as const;

/** The alternative: no list of all layers that fit, no chain of functions for each request. */
function firstFit({ stack }: koaRouter.Router): Middleware {
  return (context, next) => {
    const ctx = context as koaRouter.RouterContext;
    for (const layer of stack) {
      const fit = layer.methods.includes(ctx.method) ? layer.regexp.exec(ctx.path) : null;
      if (!fit) continue;
      ctx.params = layer.params(ctx.path, fit.slice(1));
      return layer.stack[0]?.(ctx, next);
    }
    return next();
  };
}

/** Makes the routers of the product take turns with the alternatives. */
function alternate(turn: { readonly way: number }): void {
  const { routes } = Router.prototype;
  const all = new Router({ sensitive: true });
  const alternatives = [routes.call(all) as Middleware, firstFit(all)];
  Router.prototype.routes = function inTurns() {
    all.stack.push(...this.stack);
    const each = [routes.call(this) as Middleware, ...alternatives];
    return ((ctx, next) => each[turn.way]?.(ctx, next)) as Middleware as ReturnType<typeof routes>;
  };
}

export async function routing({ seconds, rounds }: Settings): Promise<Figure[]> {
  const turn = { way: 0 };
  alternate(turn);
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-bench-'));
  const [data, connectors] = [join(folder, 'data'), join(folder, 'connectors')];
  await writeBundle(connectors, 'echo', { code: 'exports.settings = { echo: (options) => options };' });
  const runtime = await createRuntime({ data, connectors, token: TOKEN, isolation: 'thread' });
  const server = createServer(runtime.callback()).listen(0, '127.0.0.1');
  try {
    await runtime.ready();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const [connector] = (await createClient(url, TOKEN)('GET', '/connectors')).body;
    const ids = await Promise.all(Array.from({ length: INTEGRATIONS }, () => runtime.install(connector._id)));
    const paths = ids.map(({ _id }) => `/integrations/${_id}/settings/echo`);
    const load = { url, paths, body: JSON.stringify({ text: 'x'.repeat(950) }), connections: 32, seconds };
    await measure(load);

    const usPerCall: number[][] = [];
    for (let round = 1; round <= rounds; round++) {
      const spent = ways.map(() => ({ us: 0, calls: 0 }));
      let [calls, before] = [0, process.cpuUsage()];
      const count = (): unknown => calls++;
      server.on('request', count);
      const timer = setInterval(() => {
        const { user, system } = process.cpuUsage(before);
        const its = spent[turn.way] as { us: number; calls: number };
        its.us += user + system;
        its.calls += calls;
        turn.way = (turn.way + 1) % ways.length;
        [calls, before] = [0, process.cpuUsage()];
      }, TURN_MS);
      await measure(load);
      clearInterval(timer);
      server.off('request', count);
      usPerCall.push(spent.map((its) => its.us / its.calls));
      process.stderr.write(`routing: round ${round} of ${rounds}\n`);
    }
    const us = ways.map((name, way) => {
      const values = usPerCall.map((round) => round[way] as number);
      return figure('routing', name, 'µs of CPU per call', values);
    });
    const ratios = ways.slice(0, 2).map((name, way) => {
      const values = usPerCall.map((round) => (round[way] as number) / (round[2] as number));
      return figure('routing', `${name} ÷ ${ways[2]}`, '', values);
    });
    const figures = [...us, ...ratios];
    process.stdout.write(`${tableOf(figures)}\n\n`);
    return figures;
  } finally {
    server.close();
    await runtime.close();
    await rm(folder, { recursive: true, force: true });
  }
}
