import type { TestResult } from './use-test.ts';

/** What the application answered. */
export function TestAnswer({ name, result }: { readonly name: string; readonly result: TestResult }) {
  const { isOnline, status, answer } = result;
  return (
    <div class={`notice ${isOnline ? 'good' : 'bad'}`} role={isOnline ? 'status' : 'alert'}>
      <p>
        {isOnline
          ? `${name} is online. The application answered with status ${status}`
          : `${name} is offline. The application answered with status ${status}`}
        {answer === undefined ? '.' : ':'}
      </p>
      {answer !== undefined && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: lets keyboard users scroll it
        <pre class="answer" tabIndex={0}>
          {answer}
        </pre>
      )}
    </div>
  );
}
