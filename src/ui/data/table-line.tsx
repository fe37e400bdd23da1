import { memo } from 'react';
import { useStore } from 'zustand';
import type { TableRow } from '../../engine/protocol.ts';
import { Icon } from '../controls/icon.tsx';
import { engine } from '../engine.ts';
import { count, loss as lossText } from '../format.ts';
import { announce } from '../shell/trouble-store.ts';
import { changeRows, dataStore, showRow } from './data-store.ts';
import { useLocked } from './locked.ts';
import { words } from './words.ts';

/** The cells of one row: what the model reads, and below it what it learns, or why it does not. */
export const TableLine = memo(function TableLine(props: {
  row: TableRow;
  hasLoss: boolean;
  onEdit: (row: TableRow) => void;
}) {
  const { row } = props;
  const locked = useLocked();
  const isShown = useStore(dataStore, (s) => s.row !== undefined && s.row.row === row.tokenRow);
  const w = words.table;

  async function remove() {
    if (await changeRows(() => engine().data.deleteRows([row.index]))) announce(w.deleted);
  }

  return (
    <>
      <span className="rows-place small soft number">
        <span>
          <span className="unseen">{w.columns.line} </span>
          {count(row.line)}
        </span>
        {row.isEdited && <span className="rows-mark">{w.edited}</span>}
        {row.side === 'validation' && (
          <span className="rows-mark rows-validation" title={w.validationHint}>
            {w.validation}
          </span>
        )}
      </span>
      <span className="rows-text">
        <button
          type="button"
          className={isShown ? 'rows-look rows-shown' : 'rows-look'}
          disabled={row.tokenRow === undefined}
          aria-pressed={isShown}
          aria-label={`${w.look(row.line)}: ${row.prompt} ${row.answer}`}
          onClick={() => void showRow(row.tokenRow ?? 0)}
        >
          {row.prompt !== '' && <bdi className="rows-prompt">{row.prompt}</bdi>}
          {row.skipped === undefined ? (
            <bdi className="rows-answer">{row.answer}</bdi>
          ) : (
            <span className="rows-why">{row.skipped}</span>
          )}
        </button>
      </span>
      <span className="rows-number rows-tokens small number">
        {row.tokens === undefined ? '…' : count(row.tokens)}
        <span className="unseen"> {w.columns.tokens}</span>
      </span>
      {props.hasLoss && (
        <span className="rows-number small number">
          {row.loss === undefined ? '–' : lossText(row.loss)}
          <span className="unseen"> {w.columns.loss}</span>
        </span>
      )}
      <span className="rows-actions">
        <button
          type="button"
          className="button button-plain button-icon"
          aria-label={w.edit(row.line)}
          disabled={locked}
          onClick={() => props.onEdit(row)}
        >
          <Icon name="pencil" />
        </button>
        <button
          type="button"
          className="button button-plain button-icon"
          aria-label={w.remove(row.line)}
          disabled={locked}
          onClick={() => void remove()}
        >
          <Icon name="trash" />
        </button>
      </span>
    </>
  );
});
