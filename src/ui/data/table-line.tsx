// biome-ignore-all lint/a11y/useSemanticElements: the elements of a table cannot be virtual lines
// biome-ignore-all lint/a11y/useFocusableInteractive: the focus is on the buttons in the cells
import { memo, type ReactNode } from 'react';
import { useStore } from 'zustand';
import type { TableRow } from '../../engine/protocol.ts';
import { Icon } from '../controls/icon.tsx';
import { count, loss as lossText } from '../format.ts';
import { dataStore, showRow } from './data-store.ts';
import { useLocked } from './locked.ts';
import type { TablePlace } from './table-keys.ts';
import { words } from './words.ts';

/** The cells of one row: what the model reads, and below it what it learns, or why it does not. */
export const TableLine = memo(function TableLine(props: {
  row: TableRow;
  at: number;
  /** Which of its buttons the Tab key comes to, if any. */
  stop: number | undefined;
  hasLoss: boolean;
  onEdit: (row: TableRow) => void;
  onRemove: (row: TableRow) => Promise<void>;
  onStop: (at: TablePlace) => void;
}) {
  const { row } = props;
  const locked = useLocked();
  const isShown = useStore(dataStore, (s) => s.row !== undefined && s.row.row === row.tokenRow);
  const w = words.table;
  const line = w.look(row.line);
  // What cannot be done now still holds the focus, and says what it is.
  const button = (column: number, isOff: boolean, onClick: () => void) => ({
    type: 'button' as const,
    'data-column': column,
    tabIndex: props.stop === column ? 0 : -1,
    'aria-disabled': isOff || undefined,
    onFocus: () => props.onStop({ row: props.at, column }),
    onClick: () => !isOff && onClick(),
  });
  return (
    <>
      <Cell look="rows-place small soft number">
        <span>{count(row.line)}</span>
        {row.isEdited && <span className="rows-mark">{w.edited}</span>}
        {row.side === 'validation' && (
          <span className="rows-mark rows-validation" title={w.validationHint}>
            {w.validation}
          </span>
        )}
      </Cell>
      <Cell look="rows-text">
        <button
          {...button(0, row.tokenRow === undefined, () => void showRow(row.tokenRow ?? 0))}
          className={isShown ? 'rows-look rows-shown' : 'rows-look'}
          aria-pressed={isShown}
          aria-label={`${line}: ${row.prompt} ${row.skipped ?? row.answer}`}
        >
          {row.prompt !== '' && <bdi className="rows-prompt">{row.prompt}</bdi>}
          {row.skipped === undefined ? (
            <bdi className="rows-answer">{row.answer}</bdi>
          ) : (
            <span className="rows-why">{row.skipped}</span>
          )}
        </button>
      </Cell>
      <Cell look="rows-number rows-tokens small number">{row.tokens === undefined ? '…' : count(row.tokens)}</Cell>
      {props.hasLoss && (
        <Cell look="rows-number small number">{row.loss === undefined ? '–' : lossText(row.loss)}</Cell>
      )}
      <Cell look="rows-actions">
        <button
          {...button(1, locked, () => props.onEdit(row))}
          className="button button-plain button-icon"
          aria-label={w.edit(row.line)}
        >
          <Icon name="pencil" />
        </button>
        <button
          {...button(2, locked, () => void props.onRemove(row))}
          className="button button-plain button-icon"
          aria-label={w.remove(row.line)}
        >
          <Icon name="trash" />
        </button>
      </Cell>
    </>
  );
});

function Cell({ look, children }: { look: string; children: ReactNode }) {
  return (
    <span role="gridcell" className={look}>
      {children}
    </span>
  );
}
