/**
 * What connector code may ask of the runtime, and where the code finds it: behind a web API, or as a function of the
 * module `bulkhead`.
 */
export const capabilities = { fetch: 'web API', progress: 'module' } as const;

export type Capability = keyof typeof capabilities;
/** A function that the module `bulkhead` exports. */
export type ModuleFunction = {
  [name in Capability]: (typeof capabilities)[name] extends 'module' ? name : never;
}[Capability];

export const capabilityNames = Object.keys(capabilities) as readonly Capability[];
export const moduleFunctions = capabilityNames.filter(
  (name): name is ModuleFunction => capabilities[name] === 'module',
);

export const isCapability = (name: string): name is Capability => Object.hasOwn(capabilities, name);
