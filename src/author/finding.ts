/** What is wrong with a project, where an editor finds it. */
export interface Finding {
  /** A runtime refuses the bundle, or its functions fail; or it takes what is there and makes nothing of it. */
  readonly severity: 'error' | 'warning';
  /** Relative to the project's folder. */
  readonly file: string;
  /** From 1; where only the file is known, 1. */
  readonly line: number;
  readonly column: number;
  /** Dotted path in the manifest. */
  readonly field?: string;
  readonly message: string;
}

/** As compilers write them: `package.json:12:7 error …`. */
export function findingLine({ severity, file, line, column, message }: Finding): string {
  return `${file}:${line}:${column} ${severity} ${message}`;
}

export const isError = ({ severity }: Finding): boolean => severity === 'error';
