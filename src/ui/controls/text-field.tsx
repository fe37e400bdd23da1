import { useId } from 'react';

/** A line of text one types as it is: no capitals, no corrections. A secret is not shown, and not offered to be kept. */
export function TextField(props: {
  name: string;
  value: string;
  hint?: string;
  secret?: boolean;
  onChange: (next: string) => void;
}) {
  const id = useId();
  return (
    <div className="field">
      <label className="field-name" htmlFor={id}>
        {props.name}
      </label>
      <input
        id={id}
        className="input"
        type={props.secret ? 'password' : 'text'}
        autoComplete={props.secret ? 'new-password' : 'off'}
        autoCapitalize="none"
        spellCheck={false}
        value={props.value}
        aria-describedby={props.hint ? `${id}-hint` : undefined}
        onChange={(event) => props.onChange(event.target.value)}
      />
      {props.hint && (
        <p className="hint" id={`${id}-hint`}>
          {props.hint}
        </p>
      )}
    </div>
  );
}
