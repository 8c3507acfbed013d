/** An esbuild plugin: provides `XMLHttpRequest` to files of packages that depend on it. */
import { readFile } from 'node:fs/promises';
import type { OnLoadResult, Plugin } from 'esbuild';
import { xmlHttpRequestFile } from '../../sandbox/index.ts';

const MADE = /\bnew XMLHttpRequest\b/;
/** A file that tests for it has a fallback, such as `fetch`, which works better. */
const ASKED = /\btypeof (?:\w+\.)?XMLHttpRequest\b/;

const STRICT = /^\s*(?:\/\*.*?\*\/\s*)*['"]use strict['"]/s;

/** Whether a bundle may need it. */
export const mentionsXmlHttpRequest = (code: string): boolean => MADE.test(code);

export const xmlHttpRequests: Plugin = {
  name: 'XMLHttpRequest',
  setup(build) {
    build.onLoad(
      { filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ },
      async ({ path }): Promise<OnLoadResult | undefined> => {
        const text = await readFile(path, 'utf8');
        if (!MADE.test(text) || ASKED.test(text)) return undefined;
        // On the first line, to keep the line numbers. The directive must stay in front to have an effect.
        const directive = STRICT.test(text) ? "'use strict';" : '';
        const given = `${directive}var { XMLHttpRequest } = require(${JSON.stringify(xmlHttpRequestFile)});`;
        return { contents: given + text, loader: 'js' };
      },
    );
  },
};
