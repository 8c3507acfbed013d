import { errorsOf } from '../api/api-error.ts';

interface ErrorNoticeProps {
  /** Anything thrown. Renders nothing if undefined. */
  readonly error: unknown;
  /** What failed. */
  readonly title?: string;
}

/** An error in the words of the server or the connector, shown as text. */
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
