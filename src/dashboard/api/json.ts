/** JSON as a type. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Texts that a manifest may or may not have. Anything else than a text is none. */
export const asString = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
