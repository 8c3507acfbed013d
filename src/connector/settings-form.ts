/**
 * The grammar of settings forms, as the dashboard shows them and the runtime's `persistSettings` reads them.
 * At run time settings may be any object (contract 4): what is not of this grammar is kept and shown as JSON.
 * Authors are told of it all the same, by the SDK's types, which are made from these schemas, and by
 * `bulkhead validate`.
 */
import Type, { type Static } from '#typebox';

const closed = { additionalProperties: false } as const;
const Text = Type.String({ maxLength: 10_000 });
const Name = Type.String({ minLength: 1, maxLength: 200 });

const Scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean()]);
/** A value, `[value, label]`, `{value, label}`, or `{id, text}`. */
export const FieldOption = Type.Union([
  Scalar,
  Type.Tuple([Scalar, Text]),
  Type.Object({ value: Scalar, label: Type.Optional(Text) }, closed),
  Type.Object({ id: Scalar, text: Type.Optional(Text) }, closed),
]);
/** With `properties.yieldValueAndLabel` a chosen option is `{id, label}`. */
const Choice = Type.Union([Scalar, Type.Object({ id: Scalar, label: Type.Optional(Text) }, closed)]);

/** What the value of one field does to others, named by `name`. */
const Change = {
  hidden: Type.Optional(Type.Boolean()),
  required: Type.Optional(Type.Boolean()),
  disabled: Type.Optional(Type.Boolean()),
};
const Changes = Type.Object(
  {
    fields: Type.Optional(Type.Array(Type.Object({ name: Name, ...Change }, closed))),
    sections: Type.Optional(
      Type.Array(
        Type.Object(
          {
            id: Type.Optional(Name),
            name: Type.Optional(Name),
            title: Type.Optional(Text),
            hidden: Change.hidden,
          },
          closed,
        ),
      ),
    ),
  },
  closed,
);

const common = {
  name: Name,
  label: Type.Optional(Text),
  title: Type.Optional(Text),
  help: Type.Optional(Text),
  helpText: Type.Optional(Text),
  tooltip: Type.Optional(Text),
  description: Type.Optional(Text),
  placeholder: Type.Optional(Text),
  required: Type.Optional(Type.Boolean()),
  disabled: Type.Optional(Type.Boolean()),
  hidden: Type.Optional(Type.Boolean()),
  visible: Type.Optional(Type.Boolean()),
  /** By the value of this field (`enabled` and `disabled` of a checkbox), what becomes of others. */
  dependencies: Type.Optional(Type.Record(Type.String(), Changes)),
};
const textual = { ...common, value: Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Null()])) };
const withOptions = {
  ...common,
  options: Type.Optional(Type.Array(FieldOption)),
  /** A button calls `settings.refreshMetadata`, which answers new options. */
  supportsRefresh: Type.Optional(Type.Boolean()),
  properties: Type.Optional(Type.Object({ yieldValueAndLabel: Type.Optional(Type.Boolean()) }, closed)),
};

export const InputField = Type.Object({ type: Type.Literal('input'), ...textual }, closed);
export const TextField = Type.Object({ type: Type.Literal('text'), ...textual }, closed);
export const TextareaField = Type.Object({ type: Type.Literal('textarea'), ...textual }, closed);
export const ExpressionField = Type.Object({ type: Type.Literal('expression'), ...textual }, closed);
/** `value` is a date as `2026-11-24`. */
export const DateField = Type.Object({ type: Type.Literal('date'), ...textual }, closed);
/** `value` may be empty, and a number as text. */
export const NumberField = Type.Object({ type: Type.Literal('number'), ...textual }, closed);
/** `value` is the content of the file as text. */
export const FileField = Type.Object({ type: Type.Literal('file'), ...textual }, closed);
/** `value` is the address, which opens in a new tab. */
export const LinkField = Type.Object({ type: Type.Literal('link'), ...textual }, closed);
export const CheckboxField = Type.Object(
  { type: Type.Literal('checkbox'), ...common, value: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])) },
  closed,
);
const singleChoice = { ...withOptions, value: Type.Optional(Type.Union([Choice, Type.Null()])) };
export const SelectField = Type.Object({ type: Type.Literal('select'), ...singleChoice }, closed);
export const RadioField = Type.Object({ type: Type.Literal('radio'), ...singleChoice }, closed);
export const MultiselectField = Type.Object(
  {
    type: Type.Literal('multiselect'),
    ...withOptions,
    value: Type.Optional(Type.Union([Type.Array(Choice), Type.Null()])),
  },
  closed,
);

const Cell = Type.Union([Scalar, Type.Null()]);
const Cells = Type.Record(Type.String(), Cell);
const staticMap = {
  map: Type.Optional(Type.Union([Cells, Type.Array(Cells)])),
  /** What a value that is not in the map becomes, if `allowFailures`. */
  default: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  allowFailures: Type.Optional(Type.Boolean()),
};
/** What a value of one application is in the other. */
export const StaticMapField = Type.Object(
  {
    type: Type.Literal('staticMapWidget'),
    ...common,
    ...staticMap,
    extracts: Type.Optional(Type.Array(FieldOption)),
    generates: Type.Optional(Type.Array(FieldOption)),
    extractFieldHeader: Type.Optional(Text),
    generateFieldHeader: Type.Optional(Text),
    supportsExtractsRefresh: Type.Optional(Type.Boolean()),
    supportsGeneratesRefresh: Type.Optional(Type.Boolean()),
    hideLookupAllowFailures: Type.Optional(Type.Boolean()),
    /** Columns beyond two; `map` is then a list of rows. */
    optionsMap: Type.Optional(
      Type.Array(
        Type.Object(
          {
            id: Name,
            name: Type.Optional(Text),
            label: Type.Optional(Text),
            type: Type.Optional(Type.Enum(['input', 'text', 'select'])),
            options: Type.Optional(Type.Array(FieldOption)),
            required: Type.Optional(Type.Boolean()),
            supportsRefresh: Type.Optional(Type.Boolean()),
          },
          closed,
        ),
      ),
    ),
    value: Type.Optional(Type.Union([Type.Object(staticMap, closed), Type.Array(Cells), Type.Null()])),
  },
  closed,
);

/** By what a field's `type` says. */
export const fieldSchemas = {
  input: InputField,
  text: TextField,
  textarea: TextareaField,
  expression: ExpressionField,
  date: DateField,
  number: NumberField,
  file: FileField,
  link: LinkField,
  checkbox: CheckboxField,
  select: SelectField,
  radio: RadioField,
  multiselect: MultiselectField,
  staticMapWidget: StaticMapField,
} as const;
export type FieldType = keyof typeof fieldSchemas;
export type Field = { [T in FieldType]: Static<(typeof fieldSchemas)[T]> }[FieldType];

/** Of a container beside the fields in it. */
const heading = {
  id: Type.Optional(Name),
  name: Type.Optional(Name),
  title: Type.Optional(Text),
  label: Type.Optional(Text),
  header: Type.Optional(Text),
  description: Type.Optional(Text),
  help: Type.Optional(Text),
  tooltip: Type.Optional(Text),
  hidden: Type.Optional(Type.Boolean()),
  visible: Type.Optional(Type.Boolean()),
};
export const SectionHeading = Type.Object(heading);
export const FlowHeading = Type.Object({
  ...heading,
  /** Of the flow's record. */
  _id: Type.Optional(Name),
  disabled: Type.Optional(Type.Boolean()),
  showMapping: Type.Optional(Type.Boolean()),
  showSchedule: Type.Optional(Type.Boolean()),
});
export const FormHeading = Type.Object({
  /** Each of `sections` is a store, with an `id`; `pending` then holds the values by store. */
  supportsMultiStore: Type.Optional(Type.Boolean()),
  /** What a store is called, `Shop`. */
  storeLabel: Type.Optional(Text),
});

/** What a container of fields may hold. Schemas check it part by part: `form-findings.ts`. */
interface Contents {
  fields?: readonly Field[];
  fieldSets?: readonly Section[];
  sections?: readonly Section[];
  flows?: readonly Flow[];
}
export interface Section extends Static<typeof SectionHeading>, Contents {
  general?: Section | readonly Section[];
  settings?: readonly Field[];
}
/** A flow's own settings. */
export interface Flow extends Static<typeof FlowHeading>, Contents {
  settings?: readonly Field[];
}
/** The settings of an integration. Keys that are not of the grammar are the connector's own and are kept. */
export interface SettingsForm extends Static<typeof FormHeading>, Contents {
  general?: Section | readonly Section[];
  [own: string]: unknown;
}
