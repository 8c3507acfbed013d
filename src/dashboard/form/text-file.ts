/** A file that a user chooses, as the text that is stored of it. */
import { formatTextSize } from './plain-text.ts';

/** The settings of an integration hold 5 MiB in all. */
export const MAX_FILE_BYTES = 1024 * 1024;

export interface TextFile {
  readonly name: string;
  readonly size: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** @returns the text, or the sentence that says why there is none */
export async function readTextFile(file: TextFile): Promise<{ text: string } | { problem: string }> {
  if (file.size > MAX_FILE_BYTES) return { problem: `${file.name} is larger than ${MAX_FILE_BYTES / 1024 / 1024} MB` };
  try {
    const bytes = await file.arrayBuffer();
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    if (error instanceof TypeError) return { problem: `${file.name} is not a text file in UTF-8` };
    return { problem: `${file.name} cannot be read` };
  }
}

export const describeStored = (text: string): string =>
  text === '' ? 'No file' : `Stored file, ${formatTextSize(text)}`;
