/** The flow engine's entry points: see `interface.ts`. */
import type { Web } from '../web-apis.ts';
import { OfflineSignal, PauseSignal } from './errors.ts';
import { type FlowRun, Pauses, type RunContext } from './flow-run.ts';
import { generatePage } from './generate.ts';
import type { ConnectorFunctions, FlowEngine, Offline, Pause } from './interface.ts';
import { invokeExport, invokeImport } from './invoke.ts';
import { processPage } from './process.ts';

declare const web: Web;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => web.setSignalTimer(resolve, ms));

const begin = (context: RunContext, connector: ConnectorFunctions): FlowRun => ({
  context,
  connector,
  pauses: new Pauses(context.limits.pauseMs, sleep),
});

/** Turns the two signals that are not errors into answers. */
async function answered<T>(work: Promise<T>): Promise<T | Pause | Offline> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof PauseSignal) {
      const { afterMs, code, message } = error;
      return { pause: { afterMs, code, message } };
    }
    if (error instanceof OfflineSignal)
      return { offline: { _connectionId: error.connectionId, message: error.message } };
    throw error;
  }
}

export const generate: FlowEngine['generate'] = (options, connector) => {
  const { export: record, state, received, data } = options;
  const input = {
    record,
    ...(state === undefined ? {} : { state }),
    ...(received === undefined ? {} : { received }),
    ...(data === undefined ? {} : { data }),
  };
  return answered(generatePage(begin(options, connector), input));
};

export const process: FlowEngine['process'] = (options, connector) =>
  answered(processPage(begin(options, connector), options));

export const invoke: FlowEngine['invoke'] = (options, connector) => {
  const run = begin(options, connector);
  return answered(options.type === 'export' ? invokeExport(run, options) : invokeImport(run, options));
};
