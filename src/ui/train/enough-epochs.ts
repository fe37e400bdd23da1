// A handful of rows is over in a few steps, and nothing has been learned: how many epochs make a run of them.
import type { TrainSettings } from '../../engine/protocol.ts';

/** With fewer steps even a style is hardly learned. */
const FEW_STEPS = 40;
const ENOUGH_STEPS = 60;
/** More often no row should be seen: it is known by heart long before. */
const MOST_EPOCHS = 30;

/** Undefined where the run is long enough, or was given in steps. */
export function enoughEpochs(
  { totalSteps, stepsPerEpoch }: { readonly totalSteps: number; readonly stepsPerEpoch: number },
  { epochs }: Pick<TrainSettings, 'epochs'>,
): number | undefined {
  if (epochs === undefined || totalSteps >= FEW_STEPS) return undefined;
  const enough = Math.min(MOST_EPOCHS, Math.ceil(ENOUGH_STEPS / stepsPerEpoch));
  return enough > epochs ? enough : undefined;
}
