import type { Option } from './choice.tsx';
import { Field } from './field.tsx';

export function Select<T extends string>(props: {
  name: string;
  value: T;
  options: readonly Option<T>[];
  hint?: string;
  disabled?: boolean;
  onChange: (value: T) => void;
}) {
  return (
    <Field
      name={props.name}
      hint={props.hint}
      control={(tied) => (
        <select
          {...tied}
          className="input"
          value={props.value}
          disabled={props.disabled}
          onChange={(event) => props.onChange(event.target.value as T)}
        >
          {props.options.map((option) => (
            <option key={option.value} value={option.value} disabled={option.disabled}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    />
  );
}
