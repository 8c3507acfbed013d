/** Reads a chosen file as text. */
import { formatTextSize } from './plain-text.ts';

/** An integration's settings are limited to 5 MiB in all. */
export const MAX_FILE_BYTES = 1024 * 1024;

export interface TextFile {
  readonly name: string;
  readonly size: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** @returns the text, or an error message */
export async function readTextFile(file: TextFile): Promise<{ text: string } | { problem: string }> {
  if (file.size > MAX_FILE_BYTES) return { problem: `${file.name} is larger than ${MAX_FILE_BYTES / 1024 / 1024} MB` };
  try {
    const bytes = await file.arrayBuffer();
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    if (error instanceof TypeError) return { problem: `${file.name} is not a UTF-8 text file` };
    return { problem: `${file.name} cannot be read` };
  }
}

export const describeStored = (text: string): string =>
  text === '' ? 'No file' : `Stored file, ${formatTextSize(text)}`;
