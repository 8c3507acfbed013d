import { errorsOf } from '../api/api-error.ts';

interface ErrorNoticeProps {
  /** Whatever was thrown; nothing is shown for nothing. */
  readonly error: unknown;
  /** What did not go well. */
  readonly title?: string;
}

/** An error in its place, with the server's or the connector's own words, as text. */
export function ErrorNotice({ error, title }: ErrorNoticeProps) {
  if (error === undefined) return null;
  const errors = errorsOf(error);
  return (
    <div class="notice bad" role="alert">
      {title && <strong>{title}</strong>}
      {errors.map(({ code, message, field }, index) => (
        <p key={index}>
          {field && <span class="mono">{field}: </span>}
          <span class="message">{message}</span> <code class="muted">{code}</code>
        </p>
      ))}
    </div>
  );
}
