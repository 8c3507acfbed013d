/**
 * Templates: Handlebars with the helpers of integrator.io. A template's syntax tree is rewritten before compilation:
 * every value passes `placed`, which escapes it for its place, and `{{connection.…}}` becomes a mark in the text.
 */
import Handlebars from 'handlebars/dist/handlebars.js';
import { messageOf, PageError } from './errors.ts';
import { helpers } from './helpers.ts';
import { asText, isObject, type JsonObject } from './json.ts';
import { escapes, type Place, withoutBraces } from './placement.ts';

type Node = hbs.AST.Node;

/** Values for a template. The record's fields are beside these, for templates that omit `record.`. */
export interface TemplateContext {
  readonly record?: unknown;
  readonly [name: string]: unknown;
}

interface Compiled {
  readonly render: (context: object, options: Handlebars.RuntimeOptions) => string;
  /** Names in `{{connection.…}}`, by mark number. */
  readonly connectionTags: readonly string[];
}

const TEMPLATES_CACHED = 500;
const TEMPLATE_CHARS = 256 * 1024;
const OUTPUT_CHARS = 8 * 1024 * 1024;
const TAGS = 100;
/** Marks contain a character that `placed` removes from values. */
const MARK = '\u0000';
const MARKS = /\0(\d+)\0/;

/** No partials, because they could recurse forever, and no decorators. */
const REFUSED = ['PartialStatement', 'PartialBlockStatement', 'Decorator', 'DecoratorBlock'];

const handlebars = Handlebars.create();
const PLACED = 'placed value';

let place: Place = 'text';
let outputChars = 0;

handlebars.registerHelper(PLACED, (isEscaped: boolean, value: unknown): string => {
  // Helpers may return a SafeString.
  const text = asText(value instanceof Handlebars.SafeString ? value.toString() : value).replaceAll(MARK, '');
  const placed = isEscaped ? escapes[place](text) : text;
  outputChars += placed.length;
  if (outputChars > OUTPUT_CHARS) throw tooLong();
  return placed;
});
handlebars.registerHelper(helpers);

const tooLong = (): PageError =>
  new PageError('template_invalid', `a template's text is longer than ${OUTPUT_CHARS} characters`);

const knownHelpers = new Set([...Object.keys(handlebars.helpers)]);

class Rewriter extends Handlebars.Visitor {
  readonly connectionTags: string[] = [];

  constructor() {
    super();
    // biome-ignore lint/suspicious/noExplicitAny: the library's types lack the property
    (this as any).mutating = true;
  }

  override accept(node: Node): unknown {
    if (node && REFUSED.includes(node.type)) throw new PageError('template_invalid', 'templates have no partials');
    return super.accept(node as never);
  }

  override PathExpression(path: hbs.AST.PathExpression): void {
    if (isConnection(path)) {
      const message = `{{${path.original}}} must stand alone: the runtime fills in whole values of a connection`;
      throw new PageError('template_invalid', message);
    }
  }

  override MustacheStatement(mustache: hbs.AST.MustacheStatement): unknown {
    const { path, params, hash, loc, strip } = mustache;
    const hasArguments = params.length > 0 || hash !== undefined;
    if (!hasArguments && path.type === 'PathExpression' && isConnection(path as hbs.AST.PathExpression)) {
      const number = this.connectionTags.push((path as hbs.AST.PathExpression).original) - 1;
      if (number >= TAGS) throw new PageError('template_invalid', `more than ${TAGS} {{connection.…}} in a template`);
      const text = MARK + number + MARK;
      return { type: 'ContentStatement', value: text, original: text, loc };
    }
    super.MustacheStatement(mustache);
    const isHelper = hasArguments || knownHelpers.has((path as hbs.AST.PathExpression).original);
    const value = isHelper ? { type: 'SubExpression', path, params, hash, loc } : path;
    const isEscaped = { type: 'BooleanLiteral', value: mustache.escaped, original: mustache.escaped, loc };
    const placed = { type: 'PathExpression', data: false, depth: 0, parts: [PLACED], original: PLACED, loc };
    return { type: 'MustacheStatement', path: placed, params: [isEscaped, value], escaped: false, strip, loc };
  }
}

const isConnection = ({ parts, original, data }: hbs.AST.PathExpression): boolean =>
  parts[0] === 'connection' && !data && /^connection\b/.test(original);

const cache = new Map<string, Compiled>();

function compile(template: string): Compiled {
  const known = cache.get(template);
  if (known) return known;
  if (template.length > TEMPLATE_CHARS) {
    throw new PageError('template_invalid', `a template is longer than ${TEMPLATE_CHARS} characters`);
  }
  const rewriter = new Rewriter();
  const compiled = orInvalid(template, (): Compiled => {
    const tree = handlebars.parse(template);
    rewriter.accept(tree);
    return {
      render: handlebars.compile(tree, { knownHelpers: { [PLACED]: true } }),
      connectionTags: rewriter.connectionTags,
    };
  });
  if (cache.size >= TEMPLATES_CACHED) cache.clear();
  cache.set(template, compiled);
  return compiled;
}

export const isTemplate = (text: string): boolean => text.includes('{{');

/** Whether the runtime must fill in values of the connection. @throws PageError */
export function namesConnection(text: string): boolean {
  return text.includes('connection') && isTemplate(text) && compile(text).connectionTags.length > 0;
}

/**
 * @param isFilled whether the runtime fills in `{{connection.…}}`: then nothing else may look like it
 * @throws PageError `template_invalid`
 */
export function render(text: string, context: TemplateContext, at: Place, isFilled = false): string {
  if (!isTemplate(text)) return text;
  const { render: renderCompiled, connectionTags } = compile(text);
  const rendered = orInvalid(text, () => {
    place = at;
    outputChars = 0;
    return renderCompiled(withFields(context), {
      allowProtoPropertiesByDefault: false,
      allowProtoMethodsByDefault: false,
    });
  });
  if (rendered.length > OUTPUT_CHARS) throw tooLong();
  if (connectionTags.length === 0) return isFilled ? withoutBraces(rendered, at) : rendered;
  if (!isFilled) throw new PageError('template_invalid', '{{connection.…}} is only possible in addresses and bodies');
  return rendered
    .split(MARKS)
    .map((piece, i) => (i % 2 === 0 ? withoutBraces(piece, at) : `{{${connectionTags[Number(piece)]}}}`))
    .join('');
}

/** Adds the record's own fields. */
function withFields(context: TemplateContext): object {
  return isObject(context.record) ? { ...(context.record as JsonObject), ...context } : context;
}

function orInvalid<T>(template: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof PageError) throw error;
    const message = `the template ${JSON.stringify(template.slice(0, 100))}: ${messageOf(error)}`;
    throw new PageError('template_invalid', message);
  }
}
