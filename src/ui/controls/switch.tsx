import { useId } from 'react';

export function Switch(props: {
  name: string;
  hint: string;
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
}) {
  const id = useId();
  return (
    <div className="field">
      <label className="switch">
        <input
          type="checkbox"
          checked={props.checked}
          disabled={props.disabled}
          aria-describedby={id}
          onChange={(event) => props.onChange(event.target.checked)}
        />
        {props.name}
      </label>
      <p className="hint" id={id}>
        {props.hint}
      </p>
    </div>
  );
}
