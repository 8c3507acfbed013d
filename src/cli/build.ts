/** `bulkhead build`: one file and its source map, where the manifest's `main` says. */
import { join } from 'node:path';
import { writeFiles } from '../author/stage.ts';
import { type Command, CommandError, FAILED, jsonFlag, print } from './command.ts';
import { countOf, folderArgument, folderOf, inspect, printFindings } from './inspect.ts';

export const build: Command = {
  name: 'build',
  summary: 'Makes one file with a source map of the file that package.json names as "source".',
  takes: 'one folder',
  args: [folderArgument],
  flags: [jsonFlag],
  examples: ['bulkhead build', 'bulkhead build connectors/weather'],

  async run(given) {
    const inspected = await inspect(given);
    const { project, connector, files, findings } = inspected;
    if (project && project.source === undefined && connector) {
      throw new CommandError(
        'There is nothing to build: package.json names no "source", and main is the code as it is.',
      );
    }
    printFindings(given, inspected);
    if (!connector || !files) {
      print(given, { text: `${countOf(inspected)}: nothing was written.`, json: { built: false, findings } });
      return FAILED;
    }
    const made = files.filter(({ path }) => path === mainOf(connector) || path === `${mainOf(connector)}.map`);
    await writeFiles(made, folderOf(given));
    const main = made.find(({ path }) => !path.endsWith('.map'));
    print(given, {
      text: `Built ${main?.path} (${Math.ceil((main?.content.length ?? 0) / 1024)} KiB) with its source map.`,
      json: {
        built: true,
        main: join(folderOf(given), mainOf(connector)),
        bytes: main?.content.length,
        digest: connector.bundle.digest,
        findings,
      },
    });
    return undefined;
  },
};

const mainOf = ({ manifest }: { manifest: { main: string } }): string => manifest.main.replace(/^\.\//, '');
