import { percent } from '../format.ts';
import { words } from './words.ts';

const WIDTH = 120;
const HEIGHT = 14;

/** A share with its interval, as a number and as a bar with whiskers. */
export function Estimate({ share, low, high }: { share: number; low: number; high: number }) {
  const x = (value: number) => 1 + value * (WIDTH - 2);
  const whole = (value: number) => percent(Math.round(value * 100) / 100);
  return (
    <span className="estimate">
      <svg width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
        <path className="estimate-track" d={`M1 7H${WIDTH - 1}`} />
        <path className="estimate-half" d={`M${x(0.5)} 2V12`} />
        <path className="estimate-range" d={`M${x(low)} 7H${x(high)}`} />
        <circle className="estimate-point" cx={x(share)} cy={7} r={4} />
      </svg>
      <span>{words.estimate(whole(share), whole(low), whole(high))}</span>
    </span>
  );
}
