/** Writes the log's lines as sentences, for people at a terminal. */
import type { DestinationStream } from 'pino';
import type { Output } from './command.ts';

interface LogLine {
  readonly event?: string;
  readonly msg?: string;
  readonly err?: { readonly message?: string };
}

const MAX_CHARS = 1_000;
/** A connector's text in a line could otherwise control the terminal. */
const CONTROL = /\p{Cc}+/gu;

export function plainLog(err: Output): DestinationStream {
  return {
    write(line) {
      const { event = 'problem', msg = event, err: cause } = JSON.parse(line) as LogLine;
      const text = [msg, cause?.message].filter(Boolean).join(': ').replace(CONTROL, ' ').slice(0, MAX_CHARS);
      err.write(`! ${text}\n`);
    },
  };
}
