/** What a number may be, and what it does to the result. */
export interface NumberRule {
  readonly name: string;
  /** What papers and other tools call it, where that differs. */
  readonly known?: string;
  /** One line about what it does to the result. */
  readonly hint: string;
  readonly min: number;
  readonly max: number;
  /** Where the slider and the arrow keys stop, rising; other numbers between min and max can be typed. */
  readonly stops: readonly number[];
  readonly whole?: boolean;
  readonly unit?: string;
  /** What 0 means, said in place of the unit: "off". */
  readonly zero?: string;
  /** What it is when nobody has chosen. */
  readonly usual?: number;
  /** Stored as a share of 1, shown and typed in percent. */
  readonly percent?: boolean;
}

export interface NumberRead {
  readonly value: number | undefined;
  readonly problem: string | undefined;
}

export function readNumber(rule: NumberRule, text: string): NumberRead {
  const typed = text.trim() === '' ? Number.NaN : Number(text);
  const value = rule.percent ? typed / 100 : typed;
  const scale = rule.percent ? 100 : 1;
  const range = `from ${rule.min * scale} to ${rule.max * scale}${rule.percent ? ' %' : ''}`;
  if (!Number.isFinite(value)) return { value: undefined, problem: `A number ${range}` };
  if (rule.whole && !Number.isInteger(value)) return { value: undefined, problem: `A whole number ${range}` };
  if (value < rule.min || value > rule.max) return { value: undefined, problem: `Has to be ${range}` };
  return { value, problem: undefined };
}

/** As a field shows it, and as one may type it: 0.0004, 1e-6, and 7 where 100 × 0.07 is 7.000000000000001. */
export function numberText({ percent }: NumberRule, value: number): string {
  const shown = Number((value * (percent ? 100 : 1)).toPrecision(12));
  return shown !== 0 && Math.abs(shown) < 1e-4 ? shown.toExponential() : String(shown);
}

export function nearestStop(rule: NumberRule, value: number): number {
  let best = 0;
  rule.stops.forEach((stop, i) => {
    if (Math.abs(stop - value) < Math.abs(rule.stops[best]! - value)) best = i;
  });
  return best;
}

/** "1 to 256, default 8": what one may type. */
export function rangeText({ min, max, percent, usual, whole }: NumberRule): string {
  const text = (value: number) => {
    const shown = percent ? value * 100 : value;
    const isTiny = shown !== 0 && Math.abs(shown) < 1e-3;
    return isTiny ? shown.toExponential() : shown.toLocaleString('en', { maximumFractionDigits: whole ? 0 : 4 });
  };
  const range = `${text(min)} to ${text(max)}${percent ? ' %' : ''}`;
  return usual === undefined ? range : `${range}, default ${text(usual)}${percent ? ' %' : ''}`;
}

/** The next stop above (1) or below (-1); the value itself at either end. */
export function nextStop(rule: NumberRule, value: number, direction: 1 | -1): number {
  const stops = direction === 1 ? rule.stops : [...rule.stops].reverse();
  return stops.find((stop) => (stop - value) * direction > 1e-12) ?? value;
}
