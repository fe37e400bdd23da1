import { useEffect, useState } from 'react';
import type { Fields, TableRow } from '../../engine/protocol.ts';
import { Dialog } from '../controls/dialog.tsx';
import { engine } from '../engine.ts';
import { showTrouble } from '../shell/trouble-store.ts';
import { changeRows, dataStore, writeRow } from './data-store.ts';
import { RowFields } from './row-fields.tsx';
import { words } from './words.ts';

/** Edits a row of the table; without one, a row is written by hand. */
export function RowDialog({ row, onClose }: { row?: TableRow; onClose: () => void }) {
  const [fields, setFields] = useState<Fields | undefined>(row ? undefined : newRow());
  const [isValid, setIsValid] = useState(true);
  useEffect(() => {
    if (row) engine().data.rowFields(row.index).then(setFields, showTrouble);
  }, [row]);

  async function save() {
    if (!fields) return;
    const isDone = row ? await changeRows(() => engine().data.editRow(row.index, fields)) : await writeRow(fields);
    if (isDone) onClose();
  }

  return (
    <Dialog title={row ? words.row.edit(row.file, row.line) : words.row.write} onClose={onClose}>
      {row?.skipped && <p className="wrong">{row.skipped}</p>}
      <form
        className="stack-tight"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {fields && <RowFields fields={fields} onChange={setFields} onValid={setIsValid} />}
        <div className="line">
          <button type="submit" className="button button-main" disabled={!fields || !isValid}>
            {row ? words.row.save : words.row.addIt}
          </button>
          <button type="button" className="button" onClick={onClose}>
            {words.row.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** The columns that the open dataset is read by; a prompt and its completion where there is none. */
function newRow(): Fields {
  const mapping = dataStore.getState().report?.mapping;
  if (mapping?.shape === 'messages' || mapping?.shape === 'sharegpt')
    return [[mapping.columns.messages ?? 'messages', ['user', 'assistant'].map((role) => ({ role, content: '' }))]];
  const columns = mapping && mapping.shape !== 'tokenized' ? Object.values(mapping.columns) : [];
  const names = columns.length > 0 ? columns : (dataStore.getState().report?.columns.slice(0, 8) ?? []);
  return (names.length > 0 ? names : ['prompt', 'completion']).map((name) => [name, '']);
}
