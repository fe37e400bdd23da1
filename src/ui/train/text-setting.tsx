import { useState } from 'react';
import { Field } from '../controls/field.tsx';

/** Taken over when it is left; `onChange` gives back what is wrong with it. */
export function TextSetting(props: {
  name: string;
  hint: string;
  value: string;
  disabled: boolean;
  placeholder?: string | undefined;
  onChange: (text: string) => string | undefined;
}) {
  const [problem, setProblem] = useState<string>();
  return (
    <Field
      name={props.name}
      problem={problem}
      hint={props.hint}
      control={(tied) => (
        <input
          key={props.value}
          {...tied}
          className="input"
          defaultValue={props.value}
          disabled={props.disabled}
          placeholder={props.placeholder}
          aria-invalid={problem !== undefined}
          onBlur={(event) => setProblem(props.onChange(event.target.value))}
        />
      )}
    />
  );
}
