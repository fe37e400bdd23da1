// Learning-rate schedules of transformers' `get_*_schedule_with_warmup`: linear warm-up from 0, then constant, linear to
// 0 at the last step, or half a cosine to 0.

export type Schedule = 'constant' | 'linear' | 'cosine';

/** Rate of update `step` (from 0) of `steps`. With warm-up the first update has rate 0, as in transformers. */
export function scheduledRate(schedule: Schedule, base: number, step: number, steps: number, warmup: number): number {
  if (step < warmup) return (base * step) / Math.max(1, warmup);
  if (schedule === 'constant') return base;
  const progress = (step - warmup) / Math.max(1, steps - warmup);
  if (schedule === 'linear') return base * Math.max(0, 1 - progress);
  return base * Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
}
