// A checkpoint of one run as the beginning of another. With the same settings the other makes the bits that the first one made;
// how the numbers go on may be changed from there, but not what they are, nor which rows they have seen.

import { type Checkpoint, differenceFrom, type RunIdentity } from './checkpoint.ts';
import type { TrainSettings } from './recipe.ts';

const MAY_CHANGE: readonly (keyof TrainSettings)[] = [
  'learningRate',
  'schedule',
  'warmupSteps',
  'weightDecay',
  'clip',
  'dropout',
  'loraPlusRatio',
  'loraPlusEmbeddingRate',
];
/** Said by the number of steps. */
const LENGTH: readonly (keyof TrainSettings)[] = ['steps', 'epochs'];

export interface Fork {
  /** As if the run had been `settings`' own until its step. */
  readonly checkpoint: Checkpoint;
  /** What is other from its step on; nothing: the same bits. */
  readonly changed: readonly (keyof TrainSettings)[];
}

/** Throws a RangeError that names what of the state would mean nothing. */
export function forkCheckpoint(
  checkpoint: Checkpoint,
  now: { readonly settings: TrainSettings; readonly identity: RunIdentity; readonly totalSteps: number },
): Fork {
  const { settings, totalSteps } = now;
  const made = checkpoint.steps.length;
  const refuse = (difference: string) => new RangeError(`Cannot go on from step ${made}: ${difference}`);
  const free = [...MAY_CHANGE, ...LENGTH];
  const difference = differenceFrom(
    { ...checkpoint, settings: without(checkpoint.settings, free) },
    { settings: without(settings, free), identity: now.identity },
  );
  if (difference !== undefined) throw refuse(difference);
  if (totalSteps <= made) throw refuse(`found ${totalSteps} steps in all, need more than the ${made} that are made`);
  const changed = MAY_CHANGE.filter((name) => settings[name] !== checkpoint.settings[name]);
  if (totalSteps !== checkpoint.totalSteps) changed.push(settings.steps === undefined ? 'epochs' : 'steps');
  // A rate that was chosen while the first run went on gives way to one that is chosen now.
  const { learningRate } = settings;
  const isOther = learningRate !== checkpoint.settings.learningRate;
  const rates = isOther ? [...checkpoint.rates, { step: made, learningRate }] : checkpoint.rates;
  return { checkpoint: { ...checkpoint, settings, totalSteps, rates }, changed };
}

function without(settings: TrainSettings, names: readonly string[]): TrainSettings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !names.includes(name))) as never;
}
