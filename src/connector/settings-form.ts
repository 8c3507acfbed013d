/**
 * The grammar of settings forms, for the dashboard and the built-in `persistSettings`. At run time settings may be
 * any object (contract 4): anything outside the grammar is kept and shown as JSON. `bulkhead validate` and the
 * SDK's types, made from these schemas, warn authors of it.
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
/** A chosen option. With `properties.yieldValueAndLabel` it is `{id, label}`. */
const Choice = Type.Union([Scalar, Type.Object({ id: Scalar, label: Type.Optional(Text) }, closed)]);

/** How one field's value changes other fields and sections. */
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
  /** Changes to others, keyed by this field's value (`enabled` or `disabled` for a checkbox). */
  dependencies: Type.Optional(Type.Record(Type.String(), Changes)),
};
const textual = { ...common, value: Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Null()])) };
const withOptions = {
  ...common,
  options: Type.Optional(Type.Array(FieldOption)),
  /** Shows a button that gets new options from `settings.refreshMetadata`. */
  supportsRefresh: Type.Optional(Type.Boolean()),
  properties: Type.Optional(Type.Object({ yieldValueAndLabel: Type.Optional(Type.Boolean()) }, closed)),
};

export const InputField = Type.Object({ type: Type.Literal('input'), ...textual }, closed);
export const TextField = Type.Object({ type: Type.Literal('text'), ...textual }, closed);
export const TextareaField = Type.Object({ type: Type.Literal('textarea'), ...textual }, closed);
export const ExpressionField = Type.Object({ type: Type.Literal('expression'), ...textual }, closed);
/** `value` is a date such as `2026-11-24`. */
export const DateField = Type.Object({ type: Type.Literal('date'), ...textual }, closed);
/** `value` may be empty, or a number as text. */
export const NumberField = Type.Object({ type: Type.Literal('number'), ...textual }, closed);
/** `value` is the file's content as text. */
export const FileField = Type.Object({ type: Type.Literal('file'), ...textual }, closed);
/** `value` is the address; it opens in a new tab. */
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
  /** Used for values not in the map, if `allowFailures`. */
  default: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  allowFailures: Type.Optional(Type.Boolean()),
};
/** Maps values of one application to values of another. */
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
    /** For more than two columns; `map` is then a list of rows. */
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

/** By a field's `type`. */
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

/** A container's properties other than its fields. */
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
  /** Id of the flow's record. */
  _id: Type.Optional(Name),
  disabled: Type.Optional(Type.Boolean()),
  showMapping: Type.Optional(Type.Boolean()),
  showSchedule: Type.Optional(Type.Boolean()),
});
export const FormHeading = Type.Object({
  /** Each of `sections` is a store with an `id`; `pending` then holds values per store. */
  supportsMultiStore: Type.Optional(Type.Boolean()),
  /** The word for a store, such as `Shop`. */
  storeLabel: Type.Optional(Text),
});

/** Contents of a container. `form-findings.ts` checks them part by part. */
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
/** An integration's settings. Keys outside the grammar belong to the connector and are kept. */
export interface SettingsForm extends Static<typeof FormHeading>, Contents {
  general?: Section | readonly Section[];
  [own: string]: unknown;
}
