/** `console`: writes lines to the run's log. */
import type { HostCallbacks } from '../harness-interface.ts';
import type { Answers } from './answers.ts';
import type { Primordials } from './primordials.ts';

export function logConsole({ cut }: Primordials, answers: Answers, log: HostCallbacks['log']) {
  const LINE_CHARS = 10_000;
  const logger =
    (level: string) =>
    (...values: unknown[]): void => {
      let line = '';
      for (let i = 0; i < values.length; i++) line += (i === 0 ? '' : ' ') + cut(answers.format(values[i]), LINE_CHARS);
      log(level, cut(line, LINE_CHARS));
    };
  return {
    debug: logger('debug'),
    log: logger('info'),
    info: logger('info'),
    warn: logger('warn'),
    error: logger('error'),
    trace: logger('debug'),
  };
}
