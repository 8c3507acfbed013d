/** A problem in a project, with its position. */
export interface Finding {
  /** Error: the runtime refuses the bundle, or calls will fail. Warning: the runtime ignores this. */
  readonly severity: 'error' | 'warning';
  /** Relative to the project's folder. */
  readonly file: string;
  /** 1-based; 1 if only the file is known. */
  readonly line: number;
  readonly column: number;
  /** Dotted path in the manifest. */
  readonly field?: string;
  readonly message: string;
}

/** In the format of compilers: `package.json:12:7 error …`. */
export function findingLine({ severity, file, line, column, message }: Finding): string {
  return `${file}:${line}:${column} ${severity} ${message}`;
}

export const isError = ({ severity }: Finding): boolean => severity === 'error';
