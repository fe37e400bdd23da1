import { Switch as Radix } from 'radix-ui';
import { useId } from 'react';

export function Switch(props: {
  name: string;
  hint: string;
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
}) {
  const id = useId();
  const hintId = useId();
  return (
    <div className="field">
      <div className="switch">
        <Radix.Root
          id={id}
          className="switch-track"
          checked={props.checked}
          disabled={props.disabled ?? false}
          aria-describedby={hintId}
          onCheckedChange={props.onChange}
        >
          <Radix.Thumb className="switch-thumb" />
        </Radix.Root>
        <label htmlFor={id}>{props.name}</label>
      </div>
      <p className="hint" id={hintId}>
        {props.hint}
      </p>
    </div>
  );
}
