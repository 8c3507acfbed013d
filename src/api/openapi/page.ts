/** `/docs`: the API description as a page without scripts or external resources. */
import { hash } from 'node:crypto';
import type { Json, JsonObject } from '../../json.ts';

const STYLE = `:root{color-scheme:light dark;--line:#8885;--soft:#8882}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h2{margin-top:2.5rem;border-bottom:1px solid var(--line)}code,pre{font:13px/1.45 ui-monospace,monospace}
pre{background:var(--soft);padding:.75rem;overflow:auto;border-radius:4px}
details{border:1px solid var(--line);border-radius:4px;margin:.5rem 0;padding:.35rem .75rem}
summary{cursor:pointer}summary b{display:inline-block;min-width:4.5rem;font-family:ui-monospace,monospace}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.2rem .75rem .2rem 0;border-bottom:1px solid var(--soft)}
nav a{margin-right:1rem}`;

/** Content-Security-Policy of the page: only its own style. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${hash('sha256', STYLE, 'base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

type Description = { readonly [name: string]: Description } & { readonly [index: number]: Description };

const escaped = (text: unknown): string =>
  String(text ?? '').replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** The part of CommonMark that the descriptions use. */
const prose = (text: unknown): string => escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>');

const entries = (value: Json | undefined): [string, JsonObject][] =>
  Object.entries((value ?? {}) as Record<string, JsonObject>);

export function describePage(description: JsonObject): string {
  const { info, servers, paths, tags, components } = description as unknown as Description & {
    tags: readonly { name: string }[];
  };
  const all = entries(paths as unknown as Json).flatMap(([path, methods]) =>
    entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const sections = tags.map(({ name }) => {
    const operations = all.filter(({ operation }) => (operation.tags as string[]).includes(name));
    const shown = operations.map(({ path, method, operation }) =>
      operationOf(path, method, operation, components as never),
    );
    return `<h2 id="${escaped(name)}">${escaped(name)}</h2>${shown.join('')}`;
  });
  const schemas = entries(components?.schemas as unknown as Json).map(
    ([name, schema]) =>
      `<details id="schema-${escaped(name)}"><summary>${escaped(name)}</summary>${jsonOf(schema)}</details>`,
  );
  const title = `${escaped(info?.title)} ${escaped(info?.version)}`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${STYLE}</style></head><body>
<h1>${title}</h1><p>${prose(info?.description)}</p>
<p>Base: <code>${escaped(servers?.[0]?.url)}</code>. Every request needs <code>Authorization: Bearer &lt;token&gt;</code> unless noted otherwise. <a href="openapi.json">openapi.json</a></p>
<nav>${tags.map(({ name }) => `<a href="#${escaped(name)}">${escaped(name)}</a>`).join('')}<a href="#schemas">schemas</a></nav>
${sections.join('\n')}
<h2 id="schemas">schemas</h2>${schemas.join('')}
</body></html>`;
}

function operationOf(path: string, method: string, operation: JsonObject, components: JsonObject): string {
  const { summary, description, parameters, requestBody, responses, security } = operation;
  const scopes = (operation['x-token-scopes'] ?? []) as string[];
  const isOpen = Array.isArray(security) && security.length === 0;
  const rows = (parameters as JsonObject[]).map((parameter) => {
    const { name, in: location, description: text, schema } = resolved(parameter, components);
    return [`<code>${escaped(name)}</code>`, escaped(location), prose(text) || schemaOf(schema as JsonObject)];
  });
  const replies = entries(responses).map(([status, reply]) => [
    escaped(status),
    prose(reply.description),
    contentOf(reply.content),
  ]);
  return `<details><summary><b>${escaped(method.toUpperCase())}</b> <code>${escaped(path)}</code> ${prose(summary)}</summary>
${description === undefined ? '' : `<p>${prose(description)}</p>`}${isOpen ? '<p>No token is needed.</p>' : `<p>Scopes: ${scopes.map((scope) => `<code>${escaped(scope)}</code>`).join(' ')}</p>`}
${table(['Parameter', 'in', ''], rows)}
${requestBody === undefined ? '' : `<p>Body: ${contentOf((requestBody as JsonObject).content)}</p>`}
${table(['Reply', '', 'body'], replies)}</details>`;
}

function table(heads: readonly string[], rows: readonly string[][]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  return `<table>${line(heads, 'th')}${rows.map((row) => line(row, 'td')).join('')}</table>`;
}

function resolved(parameter: JsonObject, components: JsonObject): JsonObject {
  const name = typeof parameter.$ref === 'string' ? parameter.$ref.split('/').at(-1) : undefined;
  return name === undefined ? parameter : ((components.parameters as JsonObject)[name] as JsonObject);
}

function contentOf(content: Json | undefined): string {
  return entries(content)
    .map(
      ([type, { schema }]) =>
        `<code>${escaped(type)}</code> ${schema === undefined ? '' : schemaOf(schema as JsonObject)}`,
    )
    .join('<br>');
}

/** A link if the schema is named. */
function schemaOf(schema: JsonObject): string {
  const name = typeof schema.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined;
  if (name !== undefined) return `<a href="#schema-${escaped(name)}">${escaped(name)}</a>`;
  if (schema.type === 'array' && schema.items !== undefined) return `array of ${schemaOf(schema.items as JsonObject)}`;
  if (Array.isArray(schema.anyOf)) return schema.anyOf.map((each) => schemaOf(each as JsonObject)).join(' or ');
  return `<code>${escaped(JSON.stringify(schema))}</code>`;
}

const jsonOf = (schema: JsonObject): string => `<pre>${escaped(JSON.stringify(schema, null, 2))}</pre>`;
