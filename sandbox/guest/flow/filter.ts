/** Filters and transformations of a record: `{type: "expression" | "script", …}`. */
import { messageOf, PageError, RecordProblem, shorten } from './errors.ts';
import { isKept } from './expression.ts';
import { type FlowRun, settingsOf } from './flow-run.ts';
import { type ConnectorFunction, callFunction, commonOptions, invalidAnswer, kindOf } from './hooks.ts';
import type { FlowRecord } from './interface.ts';
import { at, isObject, listAt, objectAt, textAt } from './json.ts';
import { parsePath, readPath, writePath } from './path.ts';
import { isTemplate, render } from './template.ts';

type Kind = 'export' | 'import';

const SOURCE_NAMES = { filter: 'output_filter', inputFilter: 'input_filter' } as const;

/** The function of a filter or transformation of the type `script`. */
function scriptOf(config: object, role: string): ConnectorFunction | undefined {
  const name = textAt(config, 'script.function');
  return textAt(config, 'type') === 'script' && name !== undefined ? { role, section: 'hooks', name } : undefined;
}

function rulesOf(config: object, role: string): unknown {
  const version = at(config, 'expression.version') ?? at(config, 'version') ?? '1';
  if (String(version) !== '1')
    throw new PageError('unsupported', `${role} has the unsupported version ${shorten(String(version), 20)}`);
  return at(config, 'expression.rules') ?? at(config, 'rules');
}

/** Which records a filter keeps. If a script fails, only its record fails. */
export async function filterRecords(
  run: FlowRun,
  record: FlowRecord,
  kind: Kind,
  role: keyof typeof SOURCE_NAMES,
  data: readonly unknown[],
): Promise<readonly (boolean | RecordProblem)[]> {
  const config = objectAt(record, role);
  const script = scriptOf(config, role);
  if (script) {
    const source = SOURCE_NAMES[role];
    return eachRecord(run, record, kind, script, data, source, (answer) => {
      if (typeof answer !== 'boolean')
        throw invalidAnswer(script, `true or false, but answered with ${kindOf(answer)}`);
      return answer;
    });
  }
  const rules = rulesOf(config, role);
  if (rules === undefined) return data.map(() => true);
  const { lastExportDateTime, currentExportDateTime } = run.context;
  const settings = settingsOf(run, record, kind);
  const context = { lastExportDateTime, currentExportDateTime };
  return data.map((item) => isKept(rules, { record: item, settings, context }));
}

/** The transformed records. */
export async function transformRecords(
  run: FlowRun,
  record: FlowRecord,
  kind: Kind,
  data: readonly unknown[],
): Promise<readonly unknown[]> {
  const config = objectAt(record, 'transform');
  const script = scriptOf(config, 'transform');
  if (script) {
    return eachRecord(run, record, kind, script, data, 'transform', (answer) => {
      if (typeof answer !== 'object' || answer === null) {
        throw invalidAnswer(script, `a record, but answered with ${kindOf(answer)}`);
      }
      return answer;
    });
  }
  const rules = rulesOf(config, 'transform');
  if (rules === undefined || rules === null) return data;
  // Rules may be a list of sets; integrator.io uses the first.
  const set = Array.isArray(rules) && Array.isArray(rules[0]) ? rules[0] : rules;
  const fields = listAt({ set }, 'set').map(ruleOf);
  return fields.length === 0 ? data : data.map((item) => transformed(item, fields));
}

interface Rule {
  readonly extract: string;
  readonly generate: string;
}

function ruleOf(rule: unknown): Rule {
  const generate = textAt(rule, 'generate');
  if (!isObject(rule) || generate === undefined) {
    throw new PageError('mapping_invalid', 'a rule of transform needs extract and generate');
  }
  return { extract: textAt(rule, 'extract') ?? '', generate };
}

function transformed(item: unknown, rules: readonly Rule[]): unknown {
  const result = {};
  for (const { extract, generate } of rules) {
    const value = isTemplate(extract)
      ? render(extract, { record: item, data: [item] }, 'text')
      : readPath(item, parsePath(extract));
    if (value !== undefined) writePath(result, parsePath(generate), value);
  }
  return result;
}

async function eachRecord<T>(
  run: FlowRun,
  record: FlowRecord,
  kind: Kind,
  script: ConnectorFunction,
  data: readonly unknown[],
  source: string,
  check: (answer: unknown) => T,
): Promise<(T | RecordProblem)[]> {
  const common = commonOptions(run, record, kind);
  const results: (T | RecordProblem)[] = [];
  for (const item of data) {
    try {
      results.push(check(await callFunction(run, script, { ...common, record: item })));
    } catch (error) {
      if (error instanceof PageError && error.code === 'hook_invalid_response') throw error;
      const code = textAt(error, 'code') ?? 'hook_failed';
      results.push(new RecordProblem(code, messageOf(error), { source }));
    }
  }
  return results;
}
