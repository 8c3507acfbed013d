/** `DOMException`. Its npm library is deprecated in favour of the platforms' own. */

/** Names and legacy codes from the table in the Web IDL standard. */
const codes: Readonly<Record<string, number>> = {
  IndexSizeError: 1,
  HierarchyRequestError: 3,
  WrongDocumentError: 4,
  InvalidCharacterError: 5,
  NoModificationAllowedError: 7,
  NotFoundError: 8,
  NotSupportedError: 9,
  InUseAttributeError: 10,
  InvalidStateError: 11,
  SyntaxError: 12,
  InvalidModificationError: 13,
  NamespaceError: 14,
  InvalidAccessError: 15,
  TypeMismatchError: 17,
  SecurityError: 18,
  NetworkError: 19,
  AbortError: 20,
  URLMismatchError: 21,
  QuotaExceededError: 22,
  TimeoutError: 23,
  InvalidNodeTypeError: 24,
  DataCloneError: 25,
};
/** Constants that no longer have a name. */
const retired: Readonly<Record<string, number>> = {
  DOMSTRING_SIZE_ERR: 2,
  NO_DATA_ALLOWED_ERR: 6,
  VALIDATION_ERR: 16,
};

class DOMExceptionClass extends Error {
  readonly #name: string;
  readonly #message: string;

  constructor(message = '', nameOrOptions: unknown = 'Error') {
    super();
    const options =
      typeof nameOrOptions === 'object' && nameOrOptions !== null
        ? (nameOrOptions as ErrorOptions & { name?: string })
        : undefined;
    this.#name = `${options ? (options.name ?? 'Error') : (nameOrOptions as string)}`;
    this.#message = `${message}`;
    if (options && 'cause' in options) {
      Object.defineProperty(this, 'cause', { value: options.cause, configurable: true, writable: true });
    }
    // The stack was captured before the name was set.
    const [, ...frames] = (this.stack ?? '').split('\n');
    const stack = [`${this.#name}: ${this.#message}`, ...frames].join('\n');
    Object.defineProperty(this, 'stack', { value: stack, configurable: true, writable: true });
  }

  override get name(): string {
    return this.#name;
  }

  override get message(): string {
    return this.#message;
  }

  get code(): number {
    return Object.hasOwn(codes, this.#name) ? (codes[this.#name] as number) : 0;
  }
}

const constantOf = (name: string): string =>
  `${name
    .replace(/Error$/, '')
    .replace(/(?<=[a-z])(?=[A-Z])/g, '_')
    .replace('URLMismatch', 'URL_MISMATCH')
    .toUpperCase()}_ERR`;
for (const [name, code] of [
  ...Object.entries(codes).map(([name, code]) => [constantOf(name).replace('IN_USE_A', 'INUSE_A'), code] as const),
  ...Object.entries(retired),
]) {
  const property = { value: code, enumerable: true };
  Object.defineProperty(DOMExceptionClass, name, property);
  Object.defineProperty(DOMExceptionClass.prototype, name, property);
}
for (const name of ['name', 'message', 'code'])
  Object.defineProperty(DOMExceptionClass.prototype, name, { enumerable: true });
Object.defineProperty(DOMExceptionClass, 'name', { value: 'DOMException', configurable: true });
Object.defineProperty(DOMExceptionClass.prototype, Symbol.toStringTag, { value: 'DOMException', configurable: true });

export { DOMExceptionClass as DOMException };
