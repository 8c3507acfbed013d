import type { ComponentChildren, JSX } from 'preact';
import type { Inline } from './read-inline.ts';
import { type Block, type Markdown, readMarkdown } from './read-markdown.ts';

/** A stranger's Markdown as elements: never as HTML, without images, and with links to http and https only. */
export function MarkdownView({ text, level }: { readonly text: string; readonly level: number }) {
  const { blocks, isCut } = readMarkdown(text);
  return (
    <div class="markdown stack">
      {elementsOf(blocks, { level })}
      {isCut && <p class="muted">The rest is too long to be shown here.</p>}
    </div>
  );
}

/** Level of the last heading: none is left out, whatever the text does. */
interface Outline {
  level: number;
}

const elementsOf = (blocks: Markdown['blocks'], outline: Outline): ComponentChildren =>
  blocks.map((block) => elementOf(block, outline));

function elementOf(block: Block, outline: Outline): JSX.Element {
  switch (block.kind) {
    case 'heading':
      return headingOf(block.level, inlineOf(block.parts), outline);
    case 'code':
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also with the keyboard
        <pre tabIndex={0}>
          <code>{block.text}</code>
        </pre>
      );
    case 'quote':
      return <blockquote class="stack tight">{elementsOf(block.blocks, outline)}</blockquote>;
    case 'list': {
      const items = block.items.map((item) => <li>{itemOf(item, outline)}</li>);
      return block.isOrdered ? <ol class="numbers">{items}</ol> : <ul class="bullets">{items}</ul>;
    }
    case 'table':
      return <TableOf rows={block.rows} />;
    case 'rule':
      return <hr />;
    default:
      return <p>{inlineOf(block.parts)}</p>;
  }
}

/** A single paragraph needs no element of its own. */
function itemOf(blocks: readonly Block[], outline: Outline): ComponentChildren {
  const [first, ...rest] = blocks;
  if (first?.kind !== 'paragraph') return elementsOf(blocks, outline);
  return [inlineOf(first.parts), elementsOf(rest, outline)];
}

function headingOf(level: number, children: ComponentChildren, outline: Outline): JSX.Element {
  outline.level = Math.min(level + 2, outline.level + 1, 6);
  const Heading = `h${outline.level}` as 'h3' | 'h4' | 'h5' | 'h6';
  return <Heading>{children}</Heading>;
}

function TableOf({ rows }: Pick<Extract<Block, { kind: 'table' }>, 'rows'>) {
  const [head = [], ...body] = rows;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also with the keyboard
    <div class="markdown-table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {head.map((cell) => (
              <th scope="col">{inlineOf(cell)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {body.map((row) => (
            <tr>
              {row.map((cell) => (
                <td>{inlineOf(cell)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const inlineOf = (parts: readonly Inline[]): ComponentChildren =>
  parts.map((part) => {
    if (typeof part === 'string') return part;
    switch (part.kind) {
      case 'code':
        return <code>{part.text}</code>;
      case 'strong':
        return <strong>{inlineOf(part.parts)}</strong>;
      case 'em':
        return <em>{inlineOf(part.parts)}</em>;
      default:
        return (
          <a href={part.href} target="_blank" rel="noopener noreferrer nofollow">
            {inlineOf(part.parts)}
          </a>
        );
    }
  });
