import { type ReactNode, useId, useLayoutEffect, useRef } from 'react';
import { Icon } from './icon.tsx';
import { words } from './words.ts';

export function Dialog(props: { title: string; onClose: () => void; children: ReactNode }) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useLayoutEffect(() => {
    const dialog = ref.current!;
    dialog.showModal();
    // Who is asked for something begins there, and not on the button that closes.
    dialog.querySelector<HTMLElement>('textarea, input, select')?.focus();
    // Closed while it is still there, it gives the focus back to what opened it.
    return () => dialog.close();
  }, []);
  return (
    <dialog ref={ref} aria-labelledby={titleId} onClose={props.onClose}>
      <div className="dialog-body">
        <div className="dialog-head">
          <h2 id={titleId}>{props.title}</h2>
          <button
            type="button"
            className="button button-plain button-icon"
            aria-label={words.close}
            onClick={props.onClose}
          >
            <Icon name="close" />
          </button>
        </div>
        {props.children}
      </div>
    </dialog>
  );
}
