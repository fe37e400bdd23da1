import { useStore } from 'zustand';
import { dataStore, ROWS_A_PAGE, showRows } from './data-store.ts';
import { TokenRow } from './token-row.tsx';
import { words } from './words.ts';

export function RowPreview() {
  const rows = useStore(dataStore, (s) => s.rows);
  const first = useStore(dataStore, (s) => s.firstRow);
  const all = useStore(dataStore, (s) => s.report?.rows ?? 0);
  if (rows.length === 0) return null;
  return (
    <section className="card stack-tight" aria-labelledby="row-preview">
      <div className="line line-apart">
        <h2 id="row-preview">{words.preview}</h2>
        <TokenLegend />
      </div>
      <ul className="row-list">
        {rows.map((row) => (
          <li key={row.row}>
            <TokenRow preview={row} />
          </li>
        ))}
      </ul>
      {all > ROWS_A_PAGE && (
        <div className="line">
          <button
            type="button"
            className="button"
            disabled={first === 0}
            onClick={() => void showRows(Math.max(0, first - ROWS_A_PAGE))}
          >
            {words.earlier}
          </button>
          <button
            type="button"
            className="button"
            disabled={first + ROWS_A_PAGE >= all}
            onClick={() => void showRows(first + ROWS_A_PAGE)}
          >
            {words.later}
          </button>
        </div>
      )}
    </section>
  );
}

export function TokenLegend() {
  return (
    <p className="token-legend small soft">
      <span className="token token-learned">{words.learned}</span>
      <span className="token">{words.read}</span>
      <span className="token token-special">{words.special}</span>
    </p>
  );
}
