import { useId, useState } from 'react';

/** Taken over when it is left; `onChange` gives back what is wrong with it. */
export function TextSetting(props: {
  name: string;
  hint: string;
  value: string;
  disabled: boolean;
  placeholder?: string | undefined;
  onChange: (text: string) => string | undefined;
}) {
  const id = useId();
  const [problem, setProblem] = useState<string>();
  return (
    <div className="field">
      <label className="field-name" htmlFor={id}>
        {props.name}
      </label>
      <input
        key={props.value}
        id={id}
        className="input"
        defaultValue={props.value}
        disabled={props.disabled}
        placeholder={props.placeholder}
        aria-describedby={`${id}-hint`}
        aria-invalid={problem !== undefined}
        onBlur={(event) => setProblem(props.onChange(event.target.value))}
      />
      <p className={problem ? 'wrong' : 'hint'} id={`${id}-hint`}>
        {problem ?? props.hint}
      </p>
    </div>
  );
}
