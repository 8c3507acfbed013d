/** What a call needs of its connector, made once per version. */
import type { Limits } from '../../sandbox/index.ts';
import type { Connector } from '../connector/bundle.ts';

/** Caches by connector. */
function oncePerConnector<T extends object | string>(make: (connector: Connector) => T): (connector: Connector) => T {
  const cache = new WeakMap<Connector, T>();
  return (connector) => {
    let value = cache.get(connector);
    if (value === undefined) {
      value = make(connector);
      cache.set(connector, value);
    }
    return value;
  };
}

/** Returns the same object for every call, so that a compartment receives it only once. */
export function limitsWithin(operator: Limits): (connector: Connector) => Limits {
  return oncePerConnector(({ manifest }) => {
    const { timeoutMs, cpuMs, memoryMb } = manifest.connector.limits ?? {};
    return Object.freeze({
      ...operator,
      timeoutMs: Math.min(operator.timeoutMs, timeoutMs ?? operator.timeoutMs),
      cpuMs: Math.min(operator.cpuMs, cpuMs ?? operator.cpuMs),
      memoryMb: Math.min(operator.memoryMb, memoryMb ?? operator.memoryMb),
    });
  });
}

export function argumentKeys(): (connector: Connector) => string {
  return oncePerConnector(({ _id, manifest }) =>
    JSON.stringify({ opts: manifest.connector.opts ?? {}, _connectorId: _id }).slice(1, -1),
  );
}
