import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import { useStore } from 'zustand';
import type { RunRecord } from '../../engine/protocol.ts';
import { clock, day, loss } from '../format.ts';
import { RunKey } from './run-key.tsx';
import { openRun, runsStore, toggleShown } from './runs-store.ts';
import { words } from './words.ts';

const w = words.columns;
const NAMES = [w.show, w.run, w.validation, w.loss, w.steps, w.time, w.data, w.base, w.actions];
/** About as high as a row is. */
const ROW_PX = 62;

/** All runs, however many: only those in the window exist on the page. */
export function RunsTable() {
  const runs = useStore(runsStore, (s) => s.runs);
  const frame = useRef<HTMLElement>(null);
  const rows = useVirtualizer({
    count: runs.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW_PX,
    overscan: 8,
  });
  const items = rows.getVirtualItems();
  return (
    <section className="card stack-tight" aria-labelledby="runs-table">
      <h2 id="runs-table">{words.table}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <section className="runs-scroll" ref={frame} tabIndex={0} aria-label={words.scrolls(words.table)}>
        <table className="runs-table number" aria-rowcount={runs.length + 1}>
          <thead>
            <tr>
              {NAMES.map((name) => (
                <th scope="col" key={name}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <Space px={items[0]?.start ?? 0} />
            {items.map(({ key, index }) => (
              <Row key={key} run={runs[index]!} index={index} measure={rows.measureElement} />
            ))}
            <Space px={rows.getTotalSize() - (items.at(-1)?.end ?? 0)} />
          </tbody>
        </table>
      </section>
    </section>
  );
}

/** In place of the rows that are out of sight. */
function Space({ px }: { px: number }) {
  if (px <= 0) return null;
  return (
    <tr className="runs-space" style={{ height: px }}>
      <td colSpan={NAMES.length} />
    </tr>
  );
}

function Row(props: { run: RunRecord; index: number; measure: (row: HTMLTableRowElement | null) => void }) {
  const { run, index } = props;
  const isShown = useStore(runsStore, (s) => s.shown.includes(run.id));
  const isOpen = useStore(runsStore, (s) => s.opened === run.id);
  const orNone = (value: number | undefined) => (value === undefined ? '–' : loss(value));
  return (
    <tr ref={props.measure} data-index={index} aria-rowindex={index + 2}>
      <td>
        <label className="run-show">
          <input
            type="checkbox"
            checked={isShown}
            aria-label={words.show(run.name)}
            onChange={() => void toggleShown(run.id)}
          />
          <RunKey id={run.id} />
        </label>
      </td>
      <th scope="row">
        <span className="breaks">{run.name}</span>
        <span className="hint">
          {day(run.created)} · {words.state[run.state]}
        </span>
      </th>
      <td className="runs-validation">{orNone(run.validationAfter)}</td>
      <td>{orNone(run.finalLoss)}</td>
      <td>{words.steps(run.steps, run.totalSteps)}</td>
      <td>{clock(run.trainedMs)}</td>
      <td className="breaks">{run.data.name}</td>
      <td className="breaks">{run.base.name}</td>
      <td>
        <button
          type="button"
          className="button"
          aria-label={words.detailsOf(run.name)}
          aria-expanded={isOpen}
          onClick={() => void openRun(isOpen ? undefined : run.id)}
        >
          {words.details}
        </button>
      </td>
    </tr>
  );
}
