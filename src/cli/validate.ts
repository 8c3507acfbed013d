/** `bulkhead validate`: reports what a runtime would refuse or ignore. */
import { isError } from '../author/finding.ts';
import { type Command, FAILED, jsonFlag, print } from './command.ts';
import { folderArgument, inspect, oldStyleFlags, printFindings, summarize } from './inspect.ts';

export const validate: Command = {
  name: 'validate',
  summary: 'Checks manifest, imports and sizes, and whether the connector loads. Reports file and line.',
  expects: 'one folder',
  args: [folderArgument],
  flags: [...oldStyleFlags, jsonFlag],
  examples: ['bulkhead validate', 'bulkhead validate connectors/weather --json'],

  async run(context) {
    const inspection = await inspect(context);
    const { findings, sections, bundle } = inspection;
    const isValid = !findings.some(isError);
    printFindings(context, inspection);
    const functions = Object.values(sections ?? {}).flat().length;
    const bytes = [...(bundle?.files.values() ?? [])].reduce((sum, { length }) => sum + length, 0);
    const connector = bundle?.connector;
    const what = connector
      ? `: ${connector.manifest.name} ${connector.manifest.version}, ${functions} functions, ${Math.ceil(bytes / 1024)} KiB`
      : '';
    print(context, {
      text: `${summarize(inspection)}${what}.`,
      json: { valid: isValid, findings, ...(connector ? { digest: connector.bundle.digest, sections, bytes } : {}) },
    });
    return isValid ? undefined : FAILED;
  },
};
