/** Checks the flow engine's answers. It runs beside connector code, so they are as untrusted as any connector's. */
import { hash } from 'node:crypto';
import Type, { Compile, type Static } from '#typebox';
import { requestError } from '../errors.ts';
import { withoutSecrets } from '../integration/without-secrets.ts';
import { isLongerThan, type Json, type JsonObject } from '../json.ts';
import { shorten } from '../shorten.ts';
import { tasksOf } from '../work/work.ts';
import { flowLimits } from './limits.ts';

const Count = Type.Integer({ minimum: 0, maximum: flowLimits.jobRecords });
const RecordError = Type.Object({
  code: Type.String(),
  message: Type.String(),
  source: Type.String(),
  step: Type.Optional(Type.Integer({ minimum: 0, maximum: flowLimits.steps })),
  statusCode: Type.Optional(Type.Integer()),
  retryData: Type.Optional(Type.Unknown()),
});
const errors = {
  errors: Type.Array(RecordError, { maxItems: flowLimits.pageErrors }),
  errorsDropped: Count,
};
const validGenerated = Compile(
  Type.Object({
    data: Type.Array(Type.Unknown(), { maxItems: flowLimits.pageRecords }),
    isLast: Type.Boolean(),
    state: Type.Optional(Type.Unknown()),
    ...errors,
  }),
);
const StepCounts = Type.Object({ numSuccess: Count, numError: Count, numIgnore: Count });
export type StepCounts = Static<typeof StepCounts>;
const validProcessed = Compile(
  Type.Object({ steps: Type.Array(StepCounts, { maxItems: flowLimits.steps }), ...errors }),
);
const validPause = Compile(
  Type.Object({
    pause: Type.Object({
      afterMs: Type.Number({ minimum: 0 }),
      code: Type.String(),
      message: Type.String(),
    }),
  }),
);
const validOffline = Compile(
  Type.Object({ offline: Type.Object({ _connectionId: Type.String(), message: Type.String() }) }),
);

/** A failed record, ready to be stored. */
export interface PageError {
  readonly error: JsonObject;
  /** JSON of the record as the step received it. */
  readonly data?: string;
  /** Index of the page processor; undefined if the export failed. */
  readonly step?: number | undefined;
}

interface PageErrors {
  readonly errors: readonly PageError[];
  readonly errorsDropped: number;
}

export interface Generated extends PageErrors {
  readonly kind: 'generated';
  /** JSON of an array. */
  readonly data: Uint8Array;
  readonly numRecords: number;
  /** Of the data, to recognize a repeated page. */
  readonly digest: string;
  readonly isLast: boolean;
  readonly state?: Json | undefined;
}

export interface Processed extends PageErrors {
  readonly kind: 'processed';
  readonly steps: readonly StepCounts[];
}

export interface Paused {
  readonly kind: 'paused';
  readonly afterMs: number;
  readonly code: string;
  readonly message: string;
}

export interface WentOffline {
  readonly kind: 'offline';
  readonly connectionId: string;
  readonly message: string;
}

const CODE_CHARS = 200;
const MESSAGE_CHARS = 2_000;

/** A run's answer, and the credentials to remove from its messages. */
interface Answered {
  readonly text: string;
  readonly secrets: readonly string[];
}

const shownText = (text: string, chars: number, secrets: readonly string[]): string =>
  shorten(withoutSecrets(text, secrets), chars);

const errorsOf = (list: readonly Static<typeof RecordError>[], secrets: readonly string[]): PageError[] =>
  list.map(({ code, message, source, step, statusCode, retryData }) => ({
    error: {
      code: shownText(code, CODE_CHARS, secrets),
      message: shownText(message, MESSAGE_CHARS, secrets),
      source: shownText(source, CODE_CHARS, secrets),
      ...(statusCode === undefined ? {} : { statusCode }),
    },
    ...(retryData === undefined ? {} : { data: JSON.stringify(retryData) }),
    step,
  }));

function interruptionOf(answer: unknown, secrets: readonly string[]): Paused | WentOffline | undefined {
  if (validPause.Check(answer)) {
    const { afterMs, code, message } = answer.pause;
    return {
      kind: 'paused',
      afterMs,
      code: shownText(code, CODE_CHARS, secrets),
      message: shownText(message, MESSAGE_CHARS, secrets),
    };
  }
  if (!validOffline.Check(answer)) return undefined;
  const { _connectionId, message } = answer.offline;
  return { kind: 'offline', connectionId: _connectionId, message: shownText(message, MESSAGE_CHARS, secrets) };
}

const notAPage = (): Error =>
  requestError('invalid_extension_response', { message: 'The run answered with a page of the wrong shape.' });

/** @throws RequestError */
function generated({ text, secrets }: Answered): Generated | Paused | WentOffline {
  const answer: unknown = JSON.parse(text);
  const interruption = interruptionOf(answer, secrets);
  if (interruption) return interruption;
  if (!validGenerated.Check(answer)) throw notAPage();
  const state = answer.state as Json | undefined;
  if (state !== undefined && isLongerThan(state, flowLimits.stateBytes)) {
    const message = `The state of the export is larger than ${flowLimits.stateBytes} bytes.`;
    throw requestError('response_size_exceeded', { message });
  }
  const data = Buffer.from(JSON.stringify(answer.data));
  return {
    kind: 'generated',
    data,
    numRecords: answer.data.length,
    digest: hash('sha256', data),
    isLast: answer.isLast,
    state,
    errors: errorsOf(answer.errors, secrets),
    errorsDropped: answer.errorsDropped,
  };
}

/** @throws RequestError */
function processed({ text, secrets }: Answered): Processed | Paused | WentOffline {
  const answer: unknown = JSON.parse(text);
  const interruption = interruptionOf(answer, secrets);
  if (interruption) return interruption;
  if (!validProcessed.Check(answer)) throw notAPage();
  const { steps, errorsDropped } = answer;
  return { kind: 'processed', steps, errors: errorsOf(answer.errors, secrets), errorsDropped };
}

export const tasks = tasksOf(import.meta.url, { generated, processed });
