// Numbers as bars side by side, the largest first. `strong`: how many of them are full in colour.

export function Bars(props: { says: string; values: readonly number[]; strong?: number; isBase?: boolean }) {
  const { values, strong = values.length } = props;
  const most = Math.max(...values, 1e-30);
  return (
    <div className={props.isBase ? 'lab-bars lab-bars-base' : 'lab-bars'} role="img" aria-label={props.says}>
      {values.map((value, i) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place
          key={i}
          className={i < strong ? 'lab-bar' : 'lab-bar lab-bar-weak'}
          style={{ height: `${Math.max(1.5, (100 * value) / most)}%` }}
        />
      ))}
    </div>
  );
}
