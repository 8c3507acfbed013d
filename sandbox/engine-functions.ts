/** Functions of the flow engine (`guest/flow`), which a job may call instead of a connector's function. */
export const engineFunctions = ['generate', 'process', 'invoke'] as const;
export type EngineFunction = (typeof engineFunctions)[number];
