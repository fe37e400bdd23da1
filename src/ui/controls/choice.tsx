import { useId } from 'react';

export interface Option<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly disabled?: boolean;
}

/** A few answers to one question, all visible: a radio group that looks like one strip. */
export function Choice<T extends string>(props: {
  name: string;
  /** What papers and other tools call it, where that differs. */
  known?: string;
  hideName?: boolean;
  value: T;
  options: readonly Option<T>[];
  hint?: string;
  disabled?: boolean;
  onChange: (value: T) => void;
}) {
  const id = useId();
  return (
    <fieldset className="field" disabled={props.disabled} aria-describedby={props.hint ? `${id}-hint` : undefined}>
      <legend className={props.hideName ? 'unseen' : 'field-name'}>
        {props.name}
        {props.known && <span className="field-known">{props.known}</span>}
      </legend>
      <div className="choice">
        {props.options.map((option) => (
          <label key={option.value}>
            <input
              type="radio"
              name={id}
              checked={option.value === props.value}
              disabled={option.disabled}
              onChange={() => props.onChange(option.value)}
            />
            {option.label}
          </label>
        ))}
      </div>
      {props.hint && (
        <p className="hint" id={`${id}-hint`}>
          {props.hint}
        </p>
      )}
    </fieldset>
  );
}
