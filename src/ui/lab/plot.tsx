// A small curve of measured points. The picture stretches, its text and strokes do not.

export interface PlotPoint {
  readonly x: number;
  readonly y: number;
  /** Differs from all others of the plot. */
  readonly label: string;
  readonly isBase?: boolean;
}

export function Plot(props: {
  says: string;
  points: readonly PlotPoint[];
  /** The label of the point that is chosen. */
  chosen?: string | undefined;
  xName: string;
  yName: string;
  text: (y: number) => string;
}) {
  const { points, chosen } = props;
  const [left, right] = range(points.map(({ x }) => x));
  const [bottom, top] = range(points.map(({ y }) => y));
  const at = ({ x, y }: PlotPoint) => [
    (100 * (x - left)) / (right - left),
    100 - (100 * (y - bottom)) / (top - bottom),
  ];
  const line = points.map((point) => at(point).join(',')).join(' ');
  return (
    <div className="lab-plot" role="img" aria-label={props.says}>
      <span className="small soft lab-plot-y" aria-hidden="true">
        {props.yName}
      </span>
      <div className="lab-plot-scale small soft number" aria-hidden="true">
        <span>{props.text(top)}</span>
        <span>{props.text(bottom)}</span>
      </div>
      <div className="lab-plot-box" aria-hidden="true">
        <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
          <polyline points={line} />
        </svg>
        {points.map((point) => {
          const [x, y] = at(point);
          const kind = `lab-dot${point.isBase ? ' lab-dot-base' : ''}${point.label === chosen ? ' lab-dot-chosen' : ''}`;
          return (
            <span className={kind} key={point.label} style={{ left: `${x}%`, top: `${y}%` }}>
              <span className="small number">{point.label}</span>
            </span>
          );
        })}
      </div>
      <span className="small soft lab-plot-x" aria-hidden="true">
        {props.xName}
      </span>
    </div>
  );
}

/** Lowest and highest with some room, never the same. */
function range(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = high > low ? 0.12 * (high - low) : Math.max(1e-3, Math.abs(high) * 0.1);
  return [low - room, high + room];
}
