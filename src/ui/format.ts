// Numbers as people read them. Units are decimal (1 MB = 1,000,000 bytes), as on a file manager's size column.
const whole = new Intl.NumberFormat('en');

export function count(n: number): string {
  return whole.format(Math.round(n));
}

export function bytes(n: number): string {
  if (n < 1000) return `${n} bytes`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = n / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : whole.format(Math.round(value))} ${units[unit]}`;
}

/** "1.4 M", "135 M", "1.7 B". */
export function parameters(n: number): string {
  if (n < 1e3) return String(n);
  const [value, unit] = n < 999_500 ? [n / 1e3, 'k'] : n < 999.5e6 ? [n / 1e6, 'M'] : [n / 1e9, 'B'];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** "0:42", "4:10", "1:04:10". */
export function clock(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  const two = (n: number) => String(n).padStart(2, '0');
  const rest = `${two(s % 60)}`;
  return s < 3600 ? `${Math.floor(s / 60)}:${rest}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${rest}`;
}

export function clockUnit(ms: number): 'minutes' | 'hours' {
  return ms < 3_599_500 ? 'minutes' : 'hours';
}

export function rate(perSecond: number): string {
  return perSecond < 100 ? perSecond.toFixed(1) : count(perSecond);
}

export function loss(value: number): string {
  return Number.isFinite(value) ? value.toFixed(3) : 'not a number';
}

/** "1e-3", "2.5e-4", "0.02": as learning rates are written, in at most three digits. */
export function rateOf(value: number): string {
  if (!Number.isFinite(value)) return '∞';
  if (value === 0) return '0';
  const short = Number(value.toPrecision(3));
  return Math.abs(short) >= 0.01 ? String(short) : short.toExponential().replace('e-0', 'e-');
}

export function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

/** A probability: what is rare is not called impossible. */
export function chance(probability: number): string {
  return probability > 0 && probability < 0.0005 ? 'under 0.1 %' : percent(probability);
}

/** One word for one, another for more: plural(2, 'row') is "2 rows". */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

export function day(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return 'unknown date';
  return date.toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
}
