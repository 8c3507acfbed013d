import type { Kind } from './field.ts';
import type { ControlProps } from './form-context.ts';
import { JsonControl } from './json-control.tsx';
import { MapControl } from './map-control.tsx';
import { MultiselectControl } from './multiselect-control.tsx';
import { RadioControl, SelectControl } from './select-control.tsx';
import { CheckboxControl, FileControl, LinkControl } from './simple-controls.tsx';
import { AreaControl, TextControl } from './text-control.tsx';

const CONTROLS = {
  text: TextControl,
  number: TextControl,
  date: TextControl,
  textarea: AreaControl,
  expression: AreaControl,
  checkbox: CheckboxControl,
  select: SelectControl,
  multiselect: MultiselectControl,
  radio: RadioControl,
  file: FileControl,
  link: LinkControl,
  map: MapControl,
  json: JsonControl,
} as const satisfies Record<Kind, (props: ControlProps) => unknown>;

export function Control(props: ControlProps) {
  const Kind = CONTROLS[props.field.kind];
  return <Kind {...props} />;
}
