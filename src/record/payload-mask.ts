/**
 * Finds credentials in any JSON by the names they stand under, and masks them: values under keys named like a secret,
 * values of entries named like one (`{name, value}`, `[name, value]`), fields that a form declares as passwords, and
 * the usual spellings inside texts. Pure.
 */
import { nestsDeeper } from '../../sandbox/index.ts';
import { isJsonObject, type Json, type JsonObject, parseOrUndefined } from '../json.ts';
import { MASK } from './credentials.ts';
import { isEncryptedByName, isNamedLikeASecret } from './secret-names.ts';

/** Keys that name an entry, and keys that hold its value. */
const ENTRY_NAMES = ['name', 'id', 'key', 'header', 'field', 'label'];
const ENTRY_VALUES = ['value', 'values', 'defaultValue', 'default'];

/** JSON in a text in JSON; deeper texts are masked unread. */
const TEXT_LEVELS = 3;
const TEXT_DEPTH = 200;

/** A word after the name of a secret: `tokenValue`, `password_confirmation`. */
const AFTER_NAME = /[-_. ]?(?:value|text|string|hash|plain|confirm|confirmation|repeat|again)\d{0,3}$/i;

/** Stricter than for connections, whose other fields must stay readable. */
const isSecretName = (name: string, parent = ''): boolean => {
  const end = name.slice(-100);
  return [end, end.replace(AFTER_NAME, '')].some((text) => isNamedLikeASecret(text, parent) || isEncryptedByName(text));
};

/** Of a field in a form, which the dashboard does not show while it is typed. */
const isPasswordField = ({ inputType, type }: JsonObject): boolean => inputType === 'password' || type === 'password';

/** Adds the names of a form's password fields, and the values they hold. */
export function collectPasswordFields(form: Json, names: Set<string>, values: Set<string>): void {
  if (Array.isArray(form)) for (const item of form as readonly Json[]) collectPasswordFields(item, names, values);
  if (!isJsonObject(form)) return;
  if (isPasswordField(form)) {
    for (const name of [form.name, form.id]) if (typeof name === 'string') names.add(name);
    for (const key of ENTRY_VALUES) collectTexts(form[key], values);
  }
  for (const inner of Object.values(form)) collectPasswordFields(inner, names, values);
}

/** Adds the texts and numbers of a value, as texts. */
function collectTexts(value: Json | undefined, texts: Set<string>): void {
  if (typeof value === 'string' || typeof value === 'number') texts.add(String(value));
  else if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) collectTexts(inner, texts);
  }
}

export class NameMask {
  readonly #passwordFields: ReadonlySet<string>;
  readonly #found: Set<string>;
  #textLevel = 0;

  /** @param found receives what is masked, so that it can be masked in other places, too */
  constructor(passwordFields: ReadonlySet<string>, found: Set<string>) {
    this.#passwordFields = passwordFields;
    this.#found = found;
  }

  /** The same value if nothing in it is masked. */
  mask(value: Json): Json {
    return this.#value(value, '', false);
  }

  /** @param parent the nearest object key; @param isListed the value is an item of a list */
  #value(value: Json, parent: string, isListed: boolean): Json {
    if (typeof value === 'string') return this.#text(value);
    if (typeof value !== 'object' || value === null) return value;
    return Array.isArray(value) ? this.#list(value, parent, isListed) : this.#object(value as JsonObject, parent);
  }

  #list(list: readonly Json[], parent: string, isListed: boolean): Json {
    const [name, value] = list;
    if (isListed && list.length === 2 && typeof name === 'string' && this.#isSecretName(name, '')) {
      const masked = this.#secret(value as Json);
      return masked === value ? list : [name, masked];
    }
    const copy = list.map((item) => this.#value(item, parent, true));
    return copy.some((item, index) => item !== list[index]) ? copy : list;
  }

  #object(object: JsonObject, parent: string): Json {
    const isSecretEntry =
      isPasswordField(object) ||
      ENTRY_NAMES.some((key) => typeof object[key] === 'string' && this.#isSecretName(object[key] as string, parent));
    let isChanged = false;
    const entries = Object.entries(object).map(([key, inner]): [string, Json] => {
      const isSecret =
        (isSecretEntry && ENTRY_VALUES.includes(key)) ||
        this.#isSecretName(key, parent) ||
        // Credentials of a connection, in whatever way it signs in.
        (key.toLowerCase() === 'auth' && typeof inner === 'object');
      const masked = isSecret ? this.#secret(inner) : this.#value(inner, key, false);
      isChanged ||= masked !== inner;
      const shownKey = maskSpellings(key);
      isChanged ||= shownKey !== key;
      return [shownKey, masked];
    });
    return isChanged ? Object.fromEntries(entries) : object;
  }

  #isSecretName(name: string, parent: string): boolean {
    return isSecretName(name, parent) || this.#passwordFields.has(name);
  }

  /** Masks a whole value. Only what cannot be a credential stays. */
  #secret(value: Json): Json {
    if (value === null || typeof value === 'boolean' || value === '') return value;
    collectTexts(value, this.#found);
    return MASK;
  }

  #text(text: string): string {
    return /^\s*[[{]/.test(text) ? this.#embedded(text) : maskSpellings(text);
  }

  /** A text that may be JSON itself. */
  #embedded(text: string): string {
    if (this.#textLevel === TEXT_LEVELS || nestsDeeper(text, TEXT_DEPTH)) return MASK;
    const value = parseOrUndefined(text) as Json | undefined;
    if (value === undefined) return maskSpellings(text);
    this.#textLevel++;
    const masked = this.mask(value);
    this.#textLevel--;
    return masked === value ? text : JSON.stringify(masked);
  }
}

const PRIVATE_KEY = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END|$)/g;
const AUTHORIZATION = /\b(bearer|basic)\s{1,3}[\w.~+/-]{8,}=*/gi;
/** `https://user:password@host` */
const USER_INFO = /\/\/[^\s/?#@:]*:[^\s/?#@]+@/g;
/** `name=value`, and `"name":"value"` in a text that is not JSON as a whole. */
const PAIR =
  /(?<![\w.-])()([\w.-]{1,64})(\s{0,3}=\s{0,3}["']?|\\{0,7}["']\s{0,3}:\s{0,3}\\{0,7}["']?)((?<=["'])[^"'\\]+|[^\s"'&;,\\]+)/g;

/** Headers whose value may have several words. */
const HEADER = /\b((?:set-)?cookie|(?:proxy-)?authorization)(:[ \t]{0,3})[^\r\n"']+/gi;
/** `<name>value</name>` */
const ELEMENT = /(<)([\w.:-]{1,64})((?:\s[^<>]{0,200})?>)([^<]+)(?=<\/)/g;
/** A line such as `X-Api-Key: value`. */
const LINE = /^([ \t]{0,40})([\w.-]{1,64})(:[ \t]{1,3})(\S+)(?=[ \t\r]*$)/gm;

function maskSpellings(text: string): string {
  const maskNamed = (all: string, before: string, name: string, between: string): string =>
    isSecretName(name) ? `${before}${name}${between}${MASK}` : all;
  return text
    .replace(PRIVATE_KEY, MASK)
    .replace(AUTHORIZATION, `$1 ${MASK}`)
    .replace(HEADER, `$1$2${MASK}`)
    .replace(USER_INFO, `//${MASK}@`)
    .replace(PAIR, maskNamed)
    .replace(ELEMENT, maskNamed)
    .replace(LINE, maskNamed);
}
