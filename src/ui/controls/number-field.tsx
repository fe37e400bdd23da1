import { type KeyboardEvent, useId, useState } from 'react';
import { What } from '../glossary/what.tsx';
import { type NumberRule, nearestStop, nextStop, numberText, rangeText, readNumber } from './number-rule.ts';
import { Slider } from './slider.tsx';

/** A number one can type, step with the arrow keys or drag along its stops. Only valid numbers reach `onChange`. */
export function NumberField(props: {
  rule: NumberRule;
  value: number;
  disabled?: boolean;
  noSlider?: boolean;
  onChange: (value: number) => void;
}) {
  const { rule, value, disabled = false } = props;
  const id = useId();
  const [draft, setDraft] = useState<string>();
  const shown = draft ?? numberText(rule, value);
  const unit = rule.percent ? '%' : value === 0 && rule.zero !== undefined ? rule.zero : rule.unit;
  const problem = draft === undefined ? undefined : readNumber(rule, draft).problem;

  function type(text: string) {
    setDraft(text);
    const read = readNumber(rule, text);
    if (read.value !== undefined) props.onChange(read.value);
  }

  function step(event: KeyboardEvent) {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    event.preventDefault();
    setDraft(undefined);
    props.onChange(nextStop(rule, value, event.key === 'ArrowUp' ? 1 : -1));
  }

  return (
    <div className="field">
      <div className="number-head">
        <span className="field-label">
          <label className="field-name" htmlFor={id}>
            {rule.name}
            {rule.known && <span className="field-known">{rule.known}</span>}
          </label>
          <What names={[rule.known, rule.name]} />
        </span>
        <span className="number-value">
          <input
            id={id}
            className="input"
            type="number"
            inputMode="decimal"
            step="any"
            value={shown}
            style={{ minWidth: `min(${shown.length + 3}ch, 180px)` }}
            disabled={disabled}
            aria-invalid={problem !== undefined}
            aria-describedby={`${id}-hint`}
            onChange={(event) => type(event.target.value)}
            onKeyDown={step}
            onBlur={() => setDraft(undefined)}
          />
          {unit}
        </span>
      </div>
      {!props.noSlider && (
        <Slider
          name={rule.name}
          min={0}
          max={rule.stops.length - 1}
          step={1}
          value={nearestStop(rule, value)}
          says={unit === rule.zero && unit !== undefined ? unit : `${shown}${rule.percent ? ' %' : ''}`}
          disabled={disabled}
          onChange={(index) => {
            setDraft(undefined);
            props.onChange(rule.stops[index] ?? value);
          }}
        />
      )}
      <p className={problem ? 'wrong' : 'hint'} id={`${id}-hint`} role={problem ? 'alert' : undefined}>
        {problem ?? (
          <>
            {rule.hint} {rule.usual !== undefined && <span className="field-range">{rangeText(rule)}.</span>}
          </>
        )}
      </p>
    </div>
  );
}
