import type { CSSProperties } from 'react';

export function Slider(props: {
  name: string;
  value: number;
  min: number;
  max: number;
  step: number;
  says: string;
  disabled?: boolean;
  onChange: (value: number) => void;
}) {
  const fill = props.max > props.min ? ((props.value - props.min) / (props.max - props.min)) * 100 : 0;
  return (
    <input
      type="range"
      className="slider"
      aria-label={props.name}
      aria-valuetext={props.says}
      min={props.min}
      max={props.max}
      step={props.step}
      value={props.value}
      disabled={props.disabled}
      style={{ '--fill': `${fill}%` } as CSSProperties}
      onChange={(event) => props.onChange(Number(event.target.value))}
    />
  );
}
