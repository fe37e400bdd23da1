import type { ReactNode } from 'react';

export interface WayOut {
  readonly label: string;
  readonly onClick: () => void;
}

/** What went wrong, in the engine's words, with a way or two out of it. */
export function Note(props: { title?: string; children: ReactNode; ways?: readonly WayOut[]; warn?: boolean }) {
  return (
    <div className={props.warn ? 'note note-warn' : 'note'} role={props.warn ? 'note' : 'alert'}>
      <div>
        {props.title && <strong>{props.title} </strong>}
        {props.children}
      </div>
      {props.ways && props.ways.length > 0 && (
        <div className="line">
          {props.ways.map((way) => (
            <button type="button" className="button" key={way.label} onClick={way.onClick}>
              {way.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
