// Loss → one of six depths of colour. The steps are those of the legend; above the last one a token is hardly expected at all.
const STEPS = [0.25, 0.75, 1.5, 3, 5];

export const LEVELS = STEPS.length + 1;

/** 0 … 5. Undefined where there is no loss: nothing has been asked yet, or nothing comes before the token. */
export function lossLevel(loss: number | undefined): number | undefined {
  if (loss === undefined || !Number.isFinite(loss)) return undefined;
  const level = STEPS.findIndex((step) => loss < step);
  return level < 0 ? STEPS.length : level;
}
