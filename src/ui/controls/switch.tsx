import { useId } from 'react';

export function Switch(props: {
  name: string;
  hint: string;
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
}) {
  const { checked, disabled = false } = props;
  const id = useId();
  const hintId = useId();
  return (
    <div className="field">
      <div className="switch">
        <button
          id={id}
          type="button"
          role="switch"
          className="switch-track"
          aria-checked={checked}
          disabled={disabled}
          aria-describedby={hintId}
          onClick={() => props.onChange(!checked)}
        >
          <span className="switch-thumb" />
        </button>
        <label htmlFor={id}>{props.name}</label>
      </div>
      <p className="hint" id={hintId}>
        {props.hint}
      </p>
    </div>
  );
}
