import { useStore } from 'zustand';
import { type ChartViewStore, zoom } from './chart-view.ts';
import { words } from './words.ts';

/** Axes and zoom of charts that belong together. */
export function ChartTools({ view, lastStep }: { view: ChartViewStore; lastStep: number }) {
  const { logValues, logSteps, window } = useStore(view);
  const zoomBy = (factor: number) => view.setState((s) => ({ window: zoom(s, factor, lastStep) }));
  return (
    <div className="chart-tools">
      <fieldset className="line">
        <legend className="unseen">{words.axes}</legend>
        <Toggle name={words.logValues} on={logValues} onChange={(on) => view.setState({ logValues: on })} />
        <Toggle name={words.logSteps} on={logSteps} onChange={(on) => view.setState({ logSteps: on })} />
      </fieldset>
      <div className="line">
        <button type="button" className="button button-small" aria-label={words.zoomIn} onClick={() => zoomBy(0.5)}>
          +
        </button>
        <button
          type="button"
          className="button button-small"
          aria-label={words.zoomOut}
          disabled={!window}
          onClick={() => zoomBy(2)}
        >
          −
        </button>
        <button
          type="button"
          className="button button-small"
          disabled={!window}
          onClick={() => view.setState({ window: undefined })}
        >
          {words.whole}
        </button>
      </div>
    </div>
  );
}

function Toggle(props: { name: string; on: boolean; onChange: (on: boolean) => void }) {
  return (
    <label className="chip-check chip-small">
      <input type="checkbox" checked={props.on} onChange={(event) => props.onChange(event.target.checked)} />
      <span aria-hidden="true">{props.on ? '✓' : '□'}</span>
      {props.name}
    </label>
  );
}

/** The step that is read, for fingers and keys as well as for a mouse. */
export function StepSlider({ view, lastStep }: { view: ChartViewStore; lastStep: number }) {
  const { step, window } = useStore(view);
  const [from, to] = window ?? [1, Math.max(1, lastStep)];
  const value = Math.min(Math.max(step ?? to, from), to);
  return (
    <input
      type="range"
      className="slider chart-slider"
      aria-label={words.step}
      aria-valuetext={words.stepOf(value, lastStep)}
      min={from}
      max={to}
      value={value}
      disabled={lastStep < 1}
      onChange={(event) => view.setState({ step: Number(event.target.value) })}
    />
  );
}
