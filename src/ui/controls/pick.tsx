import { type ReactNode, useId, useRef } from 'react';

/** A button that opens the system's file or folder picker. */
export function Pick(props: {
  children: ReactNode;
  accept?: string;
  folder?: boolean;
  className?: string;
  disabled?: boolean;
  /** The name of the hidden file input, for people and tests that set files on it directly. */
  name: string;
  onFiles: (files: readonly File[]) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  return (
    <>
      <button
        type="button"
        className={props.className ?? 'button'}
        disabled={props.disabled}
        aria-controls={id}
        onClick={() => input.current?.click()}
      >
        {props.children}
      </button>
      <input
        id={id}
        ref={input}
        type="file"
        hidden
        multiple
        aria-label={props.name}
        accept={props.accept}
        {...(props.folder ? { webkitdirectory: '' } : {})}
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          event.target.value = '';
          if (files.length > 0) props.onFiles(files);
        }}
      />
    </>
  );
}
