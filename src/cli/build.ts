/** `bulkhead build`: writes one file and its source map to the manifest's `main`. */
import { join } from 'node:path';
import { sizeLines } from '../author/bundle-sizes.ts';
import { mainOf, writeFiles } from '../author/project-build.ts';
import { type Command, CommandError, FAILED, jsonFlag, print } from './command.ts';
import { folderArgument, folderOf, inspect, minifyFlag, printFindings, summarize } from './inspect.ts';

export const build: Command = {
  name: 'build',
  summary: 'Builds the "source" of package.json into one file with a source map.',
  expects: 'one folder',
  args: [folderArgument],
  flags: [minifyFlag, jsonFlag],
  examples: ['bulkhead build', 'bulkhead build connectors/weather --minify'],

  async run(context) {
    const inspection = await inspect(context);
    const { project, bundle, findings, sizes = [] } = inspection;
    if (bundle && project?.source === undefined) {
      throw new CommandError('There is nothing to build: package.json has no "source", so main is used as it is.');
    }
    printFindings(context, inspection);
    if (!bundle) {
      print(context, { text: `${summarize(inspection)}: nothing was written.`, json: { built: false, findings } });
      return FAILED;
    }
    const { connector, files } = bundle;
    const main = mainOf(connector);
    const outputs = [main, `${main}.map`].flatMap((path) => {
      const bytes = files.get(path);
      return bytes ? [[path, bytes] as const] : [];
    });
    await writeFiles(new Map(outputs), folderOf(context));
    const bytes = files.get(main)?.length ?? 0;
    print(context, {
      text: [`Built ${main} (${Math.ceil(bytes / 1024)} KiB) with its source map.`, ...sizeLines(sizes)].join('\n'),
      json: {
        built: true,
        main: join(folderOf(context), main),
        bytes,
        sizes,
        digest: connector.bundle.digest,
        findings,
      },
    });
    return undefined;
  },
};
