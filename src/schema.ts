/**
 * Explains why a value does not match a schema, as API errors with dotted paths. TypeBox reports every error, and four
 * million of them take seconds and gigabytes. This search descends only into invalid parts and stops at the eighth
 * field.
 */
import { Compile, type TSchema, type Validator } from '#typebox';
import { closestName, didYouMean } from './did-you-mean.ts';
import { type ErrorItem, FIELD_CHARS, fieldErrors } from './errors.ts';
import { shorten } from './shorten.ts';

/** Fields reported in one response. */
const FIELDS_REPORTED = 8;
/** Several findings may concern the same field, so their number is limited, too. */
const FINDINGS_EXAMINED = 100;

type Finding = { code: 'missing_required_field' | 'invalid_field'; field: string; message: string };

/** The first eight invalid fields, one entry each. Empty if the value is valid. */
export function findings(validator: Validator, value: unknown): (ErrorItem & Finding)[] {
  if (validator.Check(value)) return [];
  const byField = new Map<string, Finding>();
  let examined = 0;
  for (const finding of new Search().inWrong(validator.Type() as Schema, value, '')) {
    if (!byField.has(finding.field)) byField.set(finding.field, finding);
    if (byField.size === FIELDS_REPORTED || ++examined === FINDINGS_EXAMINED) break;
  }
  return [...byField.values()];
}

/** @throws RequestError 422 with the first invalid fields */
export function assertValid(validator: Validator, value: unknown): void {
  const problems = findings(validator, value);
  if (problems.length > 0) throw fieldErrors(problems);
}

/** The JSON Schema keywords that apply to parts of a value. All others apply to the value itself. */
interface Schema extends TSchema {
  readonly [REFINEMENTS]?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema | readonly Schema[];
  readonly additionalItems?: boolean;
  readonly anyOf?: readonly Schema[];
}
const REFINEMENTS = '~refine';
const PARTS = ['properties', 'patternProperties', 'additionalProperties', 'items', 'additionalItems', 'anyOf'] as const;

type Findings = Generator<Finding, void>;
type Members = Readonly<Record<string, unknown>>;

/** Yields findings lazily, so that the caller can stop at any time. */
class Search {
  readonly #validators = new Map<TSchema, Validator>();

  *in(schema: Schema, value: unknown, field: string): Findings {
    if (!this.#validator(schema).Check(value)) yield* this.inWrong(schema, value, field);
  }

  /** @param value known to be invalid */
  *inWrong(schema: Schema, value: unknown, field: string): Findings {
    let isExplained = false;
    for (const finding of this.#explain(schema, value, field)) {
      isExplained = true;
      yield finding;
    }
    // Some keyword for parts is not known here.
    if (!isExplained) yield invalid(field, 'is not valid');
  }

  *#explain(schema: Schema, value: unknown, field: string): Findings {
    const own = this.#validator(withoutParts(schema)).Errors(value);
    for (const { keyword, params, message } of own) {
      if (keyword === 'required') {
        for (const name of (params as { requiredProperties: string[] }).requiredProperties) {
          yield missing(field, name, misspelt(schema, value as Members, name));
        }
      } else {
        yield invalid(field, message);
      }
    }
    // Do not descend into a value of the wrong type or with too many parts.
    if (own.some(({ keyword }) => keyword !== 'required')) return;
    if (schema.anyOf) for (const choice of schema.anyOf) yield* this.in(choice, value, field);
    if (Array.isArray(value)) yield* this.#inList(schema, value, field);
    else if (typeof value === 'object' && value !== null) yield* this.#inObject(schema, value as Members, field);
  }

  *#inList({ items }: Schema, list: readonly unknown[], field: string): Findings {
    if (items === undefined) return;
    for (let index = 0; index < list.length; index++) {
      const schema = Array.isArray(items) ? (items[index] as Schema | undefined) : (items as Schema);
      if (schema === undefined) return;
      if (!this.#validator(schema).Check(list[index])) {
        yield* this.inWrong(schema, list[index], below(field, String(index)));
      }
    }
  }

  *#inObject(part: Schema, object: Members, field: string): Findings {
    yield* this.#inOthers(part, object, field);
    for (const [name, schema] of Object.entries(part.properties ?? {})) {
      if (object[name] !== undefined) yield* this.in(schema, object[name], below(field, name));
    }
  }

  /** Members that `properties` does not name. */
  *#inOthers(part: Schema, object: Members, field: string): Findings {
    const { properties = {}, patternProperties, additionalProperties } = part;
    if (patternProperties === undefined && additionalProperties === undefined) return;
    const patterns = Object.entries(patternProperties ?? {}).map(
      ([text, schema]) => [new RegExp(text, 'u'), schema] as const,
    );
    for (const name of Object.keys(object)) {
      if (Object.hasOwn(properties, name)) continue;
      const matching = patterns.filter(([pattern]) => pattern.test(name));
      for (const [, schema] of matching) yield* this.in(schema, object[name], below(field, name));
      if (matching.length > 0) continue;
      if (additionalProperties === false) {
        yield invalid(below(field, name), `is not a field of this object${didYouMean(name, Object.keys(properties))}`);
      }
      if (typeof additionalProperties === 'object')
        yield* this.in(additionalProperties, object[name], below(field, name));
    }
  }

  #validator(schema: TSchema): Validator {
    let validator = this.#validators.get(schema);
    if (!validator) {
      validator = Compile(schema) as Validator;
      this.#validators.set(schema, validator);
    }
    return validator;
  }
}

/** Plain JSON Schema without the parts. Of TypeBox's own markers only refinements stay; the others also concern parts. */
function withoutParts(schema: Schema): TSchema {
  const own: Record<string, unknown> = { ...schema, [REFINEMENTS]: schema[REFINEMENTS] };
  for (const keyword of PARTS) delete own[keyword];
  if (own[REFINEMENTS] === undefined) delete own[REFINEMENTS];
  return own;
}

/** Shortened, as a name may be as long as the whole body. */
function below(field: string, name: string): string {
  const short = shorten(name, FIELD_CHARS);
  return shorten(field === '' ? short : `${field}.${short}`, FIELD_CHARS);
}

/** Unknown keys that are looked at for a missing one. */
const KEYS_EXAMINED = 100;

/** The key that stands where a required one is missing. */
function misspelt({ properties = {} }: Schema, object: Members, missingName: string): string | undefined {
  let examined = 0;
  for (const key in object) {
    if (++examined > KEYS_EXAMINED) return undefined;
    if (!Object.hasOwn(properties, key) && closestName(key, [missingName]) !== undefined) return key;
  }
  return undefined;
}

function missing(at: string, name: string, written: string | undefined): Finding {
  const field = below(at, name);
  const hint = written === undefined ? '' : `; is ${written} a misspelling of it?`;
  return { code: 'missing_required_field', field, message: `${field} is required${hint}` };
}

const invalid = (field: string, text: string): Finding => ({
  code: 'invalid_field',
  field,
  message: `${field || 'the value'} ${text}`,
});
