// The head of a checkpoint's record, JSON. Whoever can write a record can write its digest: so it is read field by field.

import { checkSettings } from './check-settings.ts';
import type { Checkpoint, EvalRecord, ForgettingRecord, RateChange, RunIdentity } from './checkpoint.ts';
import { isLearningRate, type TrainSettings } from './recipe.ts';

export const VERSION = 1;

/** Written by a newer Graft, for which it has to stay. */
export class NewerCheckpointError extends SyntaxError {
  override name = 'NewerCheckpointError';
}

export interface Head extends Omit<Checkpoint, 'steps' | 'state'> {
  readonly steps: number;
  /** Of each array of the state. */
  readonly elements: number;
}

/** The error for what was found where something else is needed. */
type Refuse = (found: string, need: string) => SyntaxError;
type Fields = Readonly<Record<string, unknown>>;

/** Throws what `refuse` makes of the first field that is wrong, and NewerCheckpointError for a version to come. */
export function readHead(json: string, refuse: Refuse): Head {
  const head = readVersioned(json, refuse);
  const { totalSteps, savedAt, steps, elements } = head;
  if (!isCount(totalSteps) || !isCount(steps) || steps > totalSteps)
    throw refuse(`step ${String(steps)} of ${String(totalSteps)}`, 'a whole number of steps');
  if (!isCount(elements)) throw refuse(`${String(elements)} elements`, 'a whole number');
  if (typeof savedAt !== 'string' || savedAt.length > 64) throw refuse('no date', 'one');
  const identity = readIdentity(head.identity, refuse);
  const settings = readSettings(head.settings, refuse);
  const evals = readEvals(head.evals, refuse);
  const forgetting = readForgetting(head.forgetting, refuse);
  const rates = readRates(head.rates, steps, refuse);
  return {
    totalSteps,
    savedAt,
    settings,
    identity,
    steps,
    evals,
    ...(forgetting.length > 0 && { forgetting }),
    rates,
    elements,
  };
}

function readVersioned(json: string, refuse: Refuse): Fields {
  let head: unknown;
  try {
    head = JSON.parse(json);
  } catch {
    throw refuse('a head that is no JSON', 'one');
  }
  if (isFields(head) && typeof head.version === 'number' && head.version > VERSION)
    throw new NewerCheckpointError(`Cannot read checkpoint: found version ${head.version}, need version ${VERSION}`);
  if (!isFields(head) || head.version !== VERSION)
    throw refuse(`version ${isFields(head) ? String(head.version) : 'none'}`, `version ${VERSION}`);
  return head;
}

function readIdentity(identity: unknown, refuse: Refuse): RunIdentity {
  if (!isFields(identity)) throw refuse('no identity', 'one');
  const text = (name: keyof RunIdentity) => {
    const value = identity[name];
    if (typeof value !== 'string') throw refuse(`no ${name}`, 'one');
    return value;
  };
  return {
    base: text('base'),
    data: text('data'),
    layout: text('layout'),
    device: text('device'),
    deviceName: text('deviceName'),
  };
}

function readSettings(settings: unknown, refuse: Refuse): TrainSettings {
  if (!isFields(settings)) throw refuse('no settings', 'them');
  const own = settings as unknown as TrainSettings;
  const { targets } = settings;
  const areTargets =
    targets === 'all-linear' || (Array.isArray(targets) && targets.every((name) => typeof name === 'string'));
  if (!areTargets || !['constant', 'linear', 'cosine'].includes(own.schedule) || typeof own.shuffle !== 'boolean')
    throw refuse('settings that are none', 'those of a run');
  checkSettings(own);
  return own;
}

function readEvals(evals: unknown, refuse: Refuse): EvalRecord[] {
  if (!Array.isArray(evals)) throw refuse('no validations', 'a list of them');
  return evals.map((entry: unknown) => {
    // JSON has no NaN, and a validation may end in one.
    if (!isFields(entry) || !isCount(entry.step) || (typeof entry.loss !== 'number' && entry.loss !== null))
      throw refuse('a validation that is none', 'step and loss');
    return { step: entry.step, loss: entry.loss ?? Number.NaN };
  });
}

const FORGETTING_LOSSES = ['loss', 'baseLoss', 'kl'] as const;

/** Records of before forgetting was kept have no list of it. */
function readForgetting(forgetting: unknown = [], refuse: Refuse): ForgettingRecord[] {
  if (!Array.isArray(forgetting)) throw refuse('no list of what was forgotten', 'one');
  return forgetting.map((entry: unknown) => {
    const isRecord =
      isFields(entry) &&
      isCount(entry.step) &&
      isCount(entry.tokens) &&
      FORGETTING_LOSSES.every((name) => typeof entry[name] === 'number' || entry[name] === null);
    if (!isRecord) throw refuse('a measure of forgetting that is none', 'step, losses and tokens');
    const number = (name: (typeof FORGETTING_LOSSES)[number]) => (entry[name] as number | null) ?? Number.NaN;
    const { step, tokens } = entry as unknown as ForgettingRecord;
    return { step, loss: number('loss'), baseLoss: number('baseLoss'), kl: number('kl'), tokens };
  });
}

/** Records of before rates could be changed have no list of them. */
function readRates(rates: unknown = [], steps: number, refuse: Refuse): RateChange[] {
  if (!Array.isArray(rates)) throw refuse('no list of learning rates', 'one');
  return rates.map((entry: unknown, i) => {
    const { step, learningRate, isHalving } = isFields(entry) ? entry : {};
    if (!isCount(step) || step > steps || step < (rates[i - 1]?.step ?? 0) || !isLearningRate(learningRate))
      throw refuse('a change of rate that is none', 'step and rate');
    return { step, learningRate, ...(isHalving === true && { isHalving }) };
  });
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
