import { ApiError, errorsOf } from '../api/api-error.ts';
import { runHref } from './address.ts';
import { nextStepOf } from './next-step.ts';

interface ErrorNoticeProps {
  /** Anything thrown. Renders nothing if undefined. */
  readonly error: unknown;
  /** What failed. */
  readonly title?: string;
  /** The integration that a failed run belongs to, to link the run. */
  readonly integrationId?: string;
}

/** An error in the words of the server or the connector, shown as text. */
export function ErrorNotice({ error, title, integrationId }: ErrorNoticeProps) {
  if (error === undefined) return null;
  const errors = errorsOf(error);
  const nextSteps = new Set(errors.flatMap(({ code }) => nextStepOf(code) ?? []));
  return (
    <div class="notice bad" role="alert">
      {title && <strong>{title}</strong>}
      {errors.map(({ code, message, field }, index) => (
        <p key={index}>
          {field && <span class="mono">{field}: </span>}
          <span class="message">{message}</span> <code class="muted">{code}</code>
        </p>
      ))}
      {[...nextSteps].map((step) => (
        <p key={step}>{step}</p>
      ))}
      <FailedRun error={error} integrationId={integrationId} />
    </div>
  );
}

interface FailedRunProps {
  readonly error: unknown;
  readonly integrationId: string | undefined;
}

/** Links the run that failed, for its log. */
export function FailedRun({ error, integrationId }: FailedRunProps) {
  if (!(error instanceof ApiError) || error.runId === undefined || integrationId === undefined) return null;
  return (
    <p class="small">
      <a href={runHref(integrationId, error.runId)}>See what the run did</a>
    </p>
  );
}
