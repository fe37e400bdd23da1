import { useStore } from 'zustand';
import { Icon } from '../controls/icon.tsx';
import { changeRow, evalStore, type KeyedRow, removeRow } from './eval-store.ts';
import { words } from './words.ts';

/** Each row: what is asked and what is expected. Rows of the data are shown as the template made them. */
export function EvalRows() {
  const rows = useStore(evalStore, (s) => s.rows);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
    <ol className="eval-rows" tabIndex={0} aria-label={words.evaluate.rows(rows.length)}>
      {rows.map((row, i) => (
        <li key={row.key}>
          <Row row={row} number={i + 1} />
        </li>
      ))}
    </ol>
  );
}

function Row({ row, number }: { row: KeyedRow; number: number }) {
  const w = words.evaluate;
  return (
    <div className="eval-row">
      <span className="eval-number number soft">{number}</span>
      <textarea
        className={row.isRendered ? 'input mono' : 'input'}
        rows={2}
        aria-label={w.promptOf(number)}
        placeholder={w.prompt}
        readOnly={row.isRendered}
        value={row.prompt}
        onChange={(event) => changeRow(row.key, { prompt: event.target.value })}
      />
      <textarea
        className="input"
        rows={2}
        aria-label={w.expectedOf(number)}
        placeholder={w.expected}
        value={row.expected}
        onChange={(event) => changeRow(row.key, { expected: event.target.value })}
      />
      <button
        type="button"
        className="button button-plain button-icon"
        aria-label={w.remove(number)}
        title={w.remove(number)}
        onClick={() => removeRow(row.key)}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}
