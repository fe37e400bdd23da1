import { lazy, Suspense, useState } from 'react';
import { Dialog } from '../controls/dialog.tsx';
import { Field } from '../controls/field.tsx';
import { Pick } from '../controls/pick.tsx';
import { DATA_ENDINGS, sortFiles } from '../shell/sort-files.ts';
import { showTrouble } from '../shell/trouble-store.ts';
import { addData } from './data-store.ts';
import { useLocked } from './locked.ts';
import { nameOfPasted } from './name-of-pasted.ts';
import { words } from './words.ts';

/** Few first rows are written by hand. */
const RowDialog = lazy(async () => ({ default: (await import('./row-dialog.tsx')).RowDialog }));

/** Everything beside a drop that brings rows: files and folders behind those that are there, the clipboard, the hand. */
export function AddData({ hasFiles = false }: { /** There is a way to choose files beside it. */ hasFiles?: boolean }) {
  const [open, setOpen] = useState<'paste' | 'write'>();
  const locked = useLocked();
  const w = words.add;
  const close = () => setOpen(undefined);
  return (
    <div className="line">
      {!hasFiles && (
        <Pick name={w.files} accept={DATA_ENDINGS.join(',')} disabled={locked} onFiles={takeMore}>
          {w.files}
        </Pick>
      )}
      <Pick name={w.folderInput} folder disabled={locked} onFiles={takeMore}>
        {w.folder}
      </Pick>
      <button type="button" className="button" disabled={locked} onClick={() => setOpen('paste')}>
        {w.paste}
      </button>
      <button type="button" className="button" disabled={locked} onClick={() => setOpen('write')}>
        {w.write}
      </button>
      {open === 'paste' && <PasteDialog onClose={close} />}
      {open === 'write' && (
        <Suspense fallback={null}>
          <RowDialog onClose={close} />
        </Suspense>
      )}
    </div>
  );
}

function takeMore(files: readonly File[]): void {
  const sorted = sortFiles(files);
  if (sorted.kind === 'data') void addData(sorted.files);
  else showTrouble(new Error(sorted.kind === 'unknown' ? sorted.reason : words.add.notData(sorted.kind)));
}

function PasteDialog({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('');
  const w = words.add;

  function take() {
    void addData([new File([text], nameOfPasted(text, w.pasted))]);
    onClose();
  }

  return (
    <Dialog title={w.pasteTitle} onClose={onClose}>
      <Field
        name={w.pasteName}
        hint={w.pasteHint}
        control={(tied) => (
          <textarea
            {...tied}
            className="input mono"
            rows={10}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      />
      <div className="line">
        <button type="button" className="button button-main" disabled={text.trim() === ''} onClick={take}>
          {w.take}
        </button>
        <button type="button" className="button" onClick={onClose}>
          {words.row.cancel}
        </button>
      </div>
    </Dialog>
  );
}
