import { lookAt } from './run-look.ts';

/** A piece of a run's line: its colour and its dash. */
export function LineKey({ place }: { place: number }) {
  const { stroke, dash } = lookAt(place);
  return (
    <svg className="run-key" viewBox="0 0 26 10" aria-hidden="true">
      <line x1="1" x2="25" y1="5" y2="5" style={{ stroke: `var(${stroke})` }} strokeDasharray={dash.join(' ')} />
    </svg>
  );
}
