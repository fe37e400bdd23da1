import { loss } from '../format.ts';
import { words } from './words.ts';

const WIDTH = 120;
const HEIGHT = 32;

/** How the loss went, in the room of a word. */
export function Sparkline({ curve }: { curve: readonly number[] }) {
  const finite = curve.filter(Number.isFinite);
  if (finite.length < 2) return null;
  const low = Math.min(...finite);
  const span = Math.max(...finite) - low || 1;
  const x = (i: number) => 1 + (i / (finite.length - 1)) * (WIDTH - 2);
  const y = (value: number) => 2 + (1 - (value - low) / span) * (HEIGHT - 4);
  const line = finite.map((value, i) => `${i === 0 ? 'M' : 'L'}${x(i).toFixed(1)} ${y(value).toFixed(1)}`).join('');
  return (
    <svg
      className="sparkline"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={words.curve(loss(finite[0]!), loss(finite.at(-1)!))}
    >
      <path d={line} />
    </svg>
  );
}
