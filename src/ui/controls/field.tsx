import { type ReactNode, useId } from 'react';

/** What ties a control to its name and its hint. */
export interface Tied {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
}

/** A control under its name, and below it a hint, or what is wrong. */
export function Field(props: {
  name: ReactNode;
  hint?: string | undefined;
  /** Stands in place of the hint. */
  problem?: string | undefined;
  control: (tied: Tied) => ReactNode;
  children?: ReactNode;
}) {
  const id = useId();
  const { problem, hint } = props;
  const said = problem ?? hint;
  return (
    <div className="field">
      <label className="field-name" htmlFor={id}>
        {props.name}
      </label>
      {props.control({ id, 'aria-describedby': said ? `${id}-hint` : undefined })}
      {said && (
        <p className={problem ? 'wrong' : 'hint'} id={`${id}-hint`}>
          {said}
        </p>
      )}
      {props.children}
    </div>
  );
}
