/** Stands in for modules of Node that undici names and, for what is taken from it here, hardly uses. */
export const markAsUncloneable = (): void => {};
export const performance = globalThis.performance;
export class IncomingMessage {}
/** For the boundary of a form's parts. */
export const randomInt = (below: number): number => Math.floor(Math.random() * below);
