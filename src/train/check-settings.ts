// Whether settings make a run at all: ranges, and whether the adapter's config can be made of them.

import { adapterConfigOf } from './adapter-config-of.ts';
import { withoutAction } from './lora-settings.ts';
import { BAD_NUMBERS, CHECKPOINTING_CHOICES, OPTIONAL_NUMBERS, SETTING_RANGES, type TrainSettings } from './recipe.ts';

/** Throws RangeError naming the first setting that is out of its range. */
export function checkSettings(settings: TrainSettings): void {
  for (const [name, low, high, kind] of SETTING_RANGES) {
    const value = settings[name];
    if (value === undefined && OPTIONAL_NUMBERS.includes(name)) continue;
    if (typeof value !== 'number' || !(value >= low && value <= high) || (kind === 'whole' && !Number.isInteger(value)))
      throw new RangeError(
        `Cannot train with ${name} ${value}: need a ${kind === 'whole' ? 'whole ' : ''}number from ${low} to ${high}`,
      );
  }
  if ((settings.steps === undefined) === (settings.epochs === undefined))
    throw new RangeError('Cannot train: found both or neither of steps and epochs, need exactly one');
  const { checkpointing = 'none' } = settings;
  if (!CHECKPOINTING_CHOICES.includes(checkpointing))
    throw new RangeError(
      `Cannot train with checkpointing ${checkpointing}: need one of ${CHECKPOINTING_CHOICES.join(', ')}`,
    );
  const { badNumbers = 'stop' } = settings;
  if (!BAD_NUMBERS.includes(badNumbers))
    throw new RangeError(`Cannot train with badNumbers ${badNumbers}: need one of ${BAD_NUMBERS.join(', ')}`);
  if (settings.targets !== 'all-linear' && settings.targets.length === 0)
    throw new RangeError('Cannot train: found no target modules, need at least one');
  try {
    adapterConfigOf(settings);
  } catch (error) {
    throw new RangeError(`Cannot train: ${withoutAction(error as Error)}`);
  }
}
