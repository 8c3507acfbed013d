/** Stacks with the lines that a connector's author wrote, where the bundle brings a source map. */
import { SourceMap, type SourceMapPayload } from 'node:module';

const INLINE = /^\/\/[#@] sourceMappingURL=data:application\/json[^,]*;base64,([\w+/=]+)\s*$/m;

/** The text of a map that stands at the end of the code itself. */
export function inlineSourceMap(code: string): string | undefined {
  const encoded = INLINE.exec(code.slice(code.lastIndexOf('//')))?.[1];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
}

/** @param filename as it stands in the stack; @param mapText JSON of a source map, made by whoever made the bundle */
export function withSourceLines(stack: string, filename: string, mapText: string | undefined): string {
  const map = mapText === undefined ? undefined : parsed(mapText);
  if (!map) return stack;
  const place = new RegExp(`${filename.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}:(\\d+):(\\d+)`, 'g');
  return stack.replace(place, (text, line, column) => {
    const origin = map.findOrigin(Number(line), Number(column));
    return 'fileName' in origin ? `${origin.fileName}:${origin.lineNumber}:${origin.columnNumber}` : text;
  });
}

function parsed(text: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(text) as SourceMapPayload);
  } catch {
    // Not ours, and only a convenience.
    return undefined;
  }
}
