// Which rows make which step of a run, and the batches of its validation. Depends on rows, settings and the number of the step
// alone, so that a run can be resumed.

import { batchColumns, makeBatch, trainedLength } from '../data/make-batch.ts';
import { orderRows } from '../data/order-rows.ts';
import type { Batch, TokenRow } from '../data/types.ts';
import { stepsPerEpoch, type TrainSettings, totalSteps } from './recipe.ts';
import { sizeClass } from './run-shape.ts';
import { type Prompted, withPrompt } from './soft-prompt.ts';
import { splitRows } from './split-rows.ts';

export class RunBatches {
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  private readonly train: readonly number[];
  private readonly held: readonly number[];
  /** The rows of the epoch that was asked for last, in its order. */
  private epoch: { readonly number: number; readonly order: readonly number[] } | undefined;

  /** Throws RangeError without a row to train on. */
  constructor(
    private readonly rows: readonly TokenRow[],
    private readonly settings: TrainSettings,
  ) {
    const { train, validation } = splitRows(rows, settings);
    if (train.length === 0) throw new RangeError('Cannot train: found no rows, need at least one');
    this.train = train;
    this.held = validation;
    this.totalSteps = totalSteps(train.length, settings);
    this.stepsPerEpoch = stepsPerEpoch(train.length, settings);
  }

  /** The micro-batches of the step after `done` steps; the last step of an epoch takes what is left. */
  ofStep(done: number, reader: Prompted | undefined): Batch[] {
    const { batchSize, gradAccum } = this.settings;
    const order = this.orderOf(Math.floor(done / this.stepsPerEpoch));
    const first = (done % this.stepsPerEpoch) * batchSize * gradAccum;
    return [...this.batches(order.slice(first, first + batchSize * gradAccum), reader)];
  }

  /** Of the rows that are held back, one at a time. */
  validation(reader: Prompted | undefined): Iterable<Batch> {
    return this.batches(this.held, reader);
  }

  private *batches(chosen: readonly number[], reader: Prompted | undefined): Generator<Batch> {
    const { batchSize } = this.settings;
    for (let begin = 0; begin < chosen.length; begin += batchSize) {
      const own = chosen.slice(begin, begin + batchSize).map((row) => this.rows[row]!);
      const rows = withPrompt(own, reader);
      const columns = sizeClass(batchColumns(rows.map(trainedLength)));
      yield makeBatch(rows, [...rows.keys()], columns, trainedLength);
    }
  }

  /** Trained rows in an epoch's order, which depends on settings and epoch only. */
  private orderOf(epoch: number): readonly number[] {
    const { shuffle, seed } = this.settings;
    if (this.epoch?.number !== epoch) {
      const order = [...orderRows(this.train.length, { shuffle, seed, epoch })].map((i) => this.train[i]!);
      this.epoch = { number: epoch, order };
    }
    return this.epoch.order;
  }
}
