/** What a server says of its own API (`/openapi.json`): what each operation takes. */

/** A JSON schema, as far as the fuzzer reads one. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface Parameter {
  readonly name: string;
  readonly schema: Schema;
}

export interface Operation {
  readonly method: string;
  /** With its parameters in braces. */
  readonly path: string;
  readonly query: readonly Parameter[];
  readonly headers: readonly Parameter[];
  readonly body?: { readonly types: readonly string[]; readonly schema: Schema } | undefined;
}

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly parameters: Readonly<Record<string, DescribedParameter>>;
  };
}
interface DescribedOperation {
  readonly parameters?: readonly (DescribedParameter | { readonly $ref: string })[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}
interface DescribedParameter extends Parameter {
  readonly in: 'path' | 'query' | 'header';
}

export interface Api {
  readonly operations: readonly Operation[];
  /** The schema that a reference names, or the schema itself. */
  resolve(schema: Schema): Schema;
}

export function apiOf(description: unknown): Api {
  const { paths, components } = description as Described;
  const lastOf = (ref: string): string => ref.split('/').at(-1) ?? '';
  const parameterOf = (given: DescribedParameter | { readonly $ref: string }): DescribedParameter | undefined =>
    '$ref' in given ? components.parameters[lastOf(given.$ref)] : given;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]): Operation => {
      const all = parameters.map(parameterOf).filter((each) => each !== undefined);
      const content = Object.entries(requestBody?.content ?? {});
      const [first] = content;
      return {
        method: method.toUpperCase(),
        path,
        query: all.filter((each) => each.in === 'query'),
        headers: all.filter((each) => each.in === 'header'),
        body: first && { types: content.map(([type]) => type), schema: first[1].schema },
      };
    }),
  );
  return {
    operations,
    resolve: ({ $ref, ...schema }) => ($ref === undefined ? schema : (components.schemas[lastOf($ref)] ?? {})),
  };
}
