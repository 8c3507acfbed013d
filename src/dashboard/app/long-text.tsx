/** Characters that are shown. A record may have megabytes. */
const SHOWN_CHARS = 20_000;

interface LongTextProps {
  readonly text: string;
  /** Where the API has all of it. */
  readonly path: string;
}

/** Text in its own lines, such as JSON, cut if it is very long. */
export function LongText({ text, path }: LongTextProps) {
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: lets keyboard users scroll it */}
      <pre tabIndex={0}>{text.slice(0, SHOWN_CHARS)}</pre>
      {text.length > SHOWN_CHARS && (
        <p class="small muted">
          The first {SHOWN_CHARS.toLocaleString()} of {text.length.toLocaleString()} characters. The API has all of
          them, at <code>/v1{path}</code>.
        </p>
      )}
    </>
  );
}
