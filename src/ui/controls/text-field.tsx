import { Field } from './field.tsx';

/** A line of text one types as it is: no capitals, no corrections. A secret is not shown, and not offered to be kept. */
export function TextField(props: {
  name: string;
  value: string;
  hint?: string;
  secret?: boolean;
  onChange: (next: string) => void;
}) {
  return (
    <Field
      name={props.name}
      hint={props.hint}
      control={(tied) => (
        <input
          {...tied}
          className="input"
          type={props.secret ? 'password' : 'text'}
          autoComplete={props.secret ? 'new-password' : 'off'}
          autoCapitalize="none"
          spellCheck={false}
          value={props.value}
          onChange={(event) => props.onChange(event.target.value)}
        />
      )}
    />
  );
}
