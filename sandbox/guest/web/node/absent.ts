/** Replaces Node modules that undici imports but hardly uses in the parts bundled here. */
export const markAsUncloneable = (): void => {};
export const performance = globalThis.performance;
export class IncomingMessage {}
/** For the boundary of multipart forms. */
export const randomInt = (below: number): number => Math.floor(Math.random() * below);
