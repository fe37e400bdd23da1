// Writes down a run for the list of runs: everything that it tells, and now and then the adapter as it is. Nothing here may
// harm the run: a storage that refuses is told once, and the run goes on.

import type { RunArchive } from '../storage/run-archive.ts';
import type { RunCurves, RunEvent, RunRecord, SampleEvent } from './protocol.ts';

/** Curves of eight hours are some ten megabytes: written seldom, and once at the end. */
const SAVE_EVERY_MS = 30_000;
const FIELDS = ['loss', 'lr', 'gradNorm', 'tokens', 'ms'] as const;

/** Most states of a run, and most bytes that they may take together. */
const MOST_STATES = 7;
const MOST_STATE_BYTES = 128 << 20;

/** Beside the adapter's files in a state: the run as a checkpoint, for a run that goes on from there. */
export const STATE_RECORD = 'run.graft-checkpoint';

/** Steps after which the run's state is kept: evenly spread, the end left out (that is the result itself). */
export function stepsToKeep(totalSteps: number, stateBytes: number): readonly number[] {
  const room = Math.floor(MOST_STATE_BYTES / Math.max(1, stateBytes));
  const states = Math.min(MOST_STATES, Math.max(1, room), totalSteps - 1);
  const steps = Array.from({ length: states }, (_, i) => Math.round((totalSteps * (i + 1)) / (states + 1)));
  return [...new Set(steps)].filter((step) => step > 0 && step < totalSteps);
}

export class RunRecorder {
  private readonly points: Record<(typeof FIELDS)[number], number[]> = {
    loss: [],
    lr: [],
    gradNorm: [],
    tokens: [],
    ms: [],
  };
  private readonly evals: { step: number; loss: number }[] = [];
  private readonly rates: { step: number; learningRate: number }[] = [];
  private samples: Pick<SampleEvent, 'step' | 'whose' | 'texts'>[] = [];
  /** Steps of states that are still to be written. */
  private readonly waiting = new Set<{ readonly step: number }>();
  private savedAt = performance.now();
  private writing: Promise<void> = Promise.resolve();
  private hasFailed = false;

  constructor(
    private readonly archive: RunArchive<RunRecord, RunCurves>,
    private record: RunRecord,
    private readonly onProblem: (problem: string) => void,
  ) {
    this.write(() => archive.save(this.record));
  }

  /**
   * Goes on with the record of a run that was interrupted, or begins one that goes on where another stood; what was told until then
   * comes again as its first event.
   */
  static async goOn(
    archive: RunArchive<RunRecord, RunCurves>,
    fallback: RunRecord,
    onProblem: (problem: string) => void,
  ): Promise<RunRecorder> {
    const known = await archive.record(fallback.id).catch(() => undefined);
    const told = known?.id ?? (await sameQuestions(archive, fallback).catch(() => undefined));
    const curves = told === undefined ? undefined : await archive.curves(told).catch(() => undefined);
    const { deleted: _, ...record } = known ?? fallback;
    const recorder = new RunRecorder(archive, { ...record, state: 'running' }, onProblem);
    recorder.samples = [...(curves?.samples ?? [])];
    return recorder;
  }

  get samplesSoFar(): readonly Pick<SampleEvent, 'step' | 'whose' | 'texts'>[] {
    return this.samples;
  }

  take(event: RunEvent): void {
    this.note(event);
    if (performance.now() - this.savedAt > SAVE_EVERY_MS) this.saveAll();
  }

  keepState(step: number, files: ReadonlyMap<string, Uint8Array>): void {
    const state = { step };
    this.waiting.add(state);
    this.write(async () => {
      await this.archive.saveState(this.record.id, step, files);
      // Struck out meanwhile.
      if (!this.waiting.delete(state)) return;
      const keptSteps = [...new Set([...this.record.keptSteps, step])].sort((a, b) => a - b);
      this.record = { ...this.record, keptSteps };
      await this.archive.save(this.record);
    });
  }

  /** Writes the end of the run; resolves when it is durable or was refused. */
  async end(
    change: Pick<RunRecord, 'state'> & Partial<Pick<RunRecord, 'adapterId' | 'trouble' | 'finalLoss' | 'steps'>>,
  ): Promise<void> {
    // Numbers that went bad end a run at an earlier step than the last one that it told.
    if (change.steps !== undefined) this.strikeOutStates(change.steps);
    this.saveAll(change);
    await this.writing;
  }

  private note(event: RunEvent): void {
    if (event.type === 'past') this.goBack(event.events);
    else if (event.type === 'step') this.addStep(event);
    else if (event.type === 'eval') this.evals.push({ step: event.step, loss: event.loss });
    else if (event.type === 'rate') this.rates.push({ step: event.step, learningRate: event.learningRate });
    else if (event.type === 'sample') this.samples.push({ step: event.step, whose: event.whose, texts: event.texts });
    else if (event.type === 'memory') this.record = { ...this.record, memoryBytes: event.bytes };
    else if (event.type === 'fault') this.record = { ...this.record, settings: event.settings };
  }

  private addStep(event: Extract<RunEvent, { type: 'step' }>): void {
    for (const field of FIELDS) this.points[field].push(event[field]);
    this.record = { ...this.record, totalSteps: event.totalSteps };
  }

  /** The run stands where these events end. */
  private goBack(events: Extract<RunEvent, { type: 'past' }>['events']): void {
    for (const field of FIELDS) this.points[field].length = 0;
    this.evals.length = 0;
    this.rates.length = 0;
    for (const event of events) this.note(event);
    const { length } = this.points.loss;
    this.samples = this.samples.filter(({ step }) => step <= length);
    this.strikeOutStates(length);
  }

  /** No state beyond `last` is listed any more, also none that is still to be written. */
  private strikeOutStates(last: number): void {
    for (const state of this.waiting) if (state.step > last) this.waiting.delete(state);
    this.record = { ...this.record, keptSteps: this.record.keptSteps.filter((step) => step <= last) };
  }

  private result() {
    const { loss, ms } = this.points;
    const before = this.evals[0];
    return {
      steps: loss.length,
      trainedMs: ms.reduce((a, b) => a + b, 0),
      finalLoss: loss.at(-1),
      validationBefore: before?.step === 0 ? before.loss : undefined,
      validationAfter: this.evals.at(-1)?.loss,
    };
  }

  private saveAll(end: Partial<RunRecord> = {}): void {
    this.savedAt = performance.now();
    this.record = { ...this.record, ...this.result(), ...end };
    const { record } = this;
    const { loss, lr, gradNorm, tokens, ms } = this.points;
    const curves = {
      loss: Float64Array.from(loss),
      lr: Float64Array.from(lr),
      gradNorm: Float64Array.from(gradNorm),
      tokens: Float64Array.from(tokens),
      ms: Float64Array.from(ms),
      evals: [...this.evals],
      rates: [...this.rates],
      samples: [...this.samples],
    };
    this.write(async () => {
      await this.archive.saveCurves(record.id, curves);
      await this.archive.save({ ...record, keptSteps: this.record.keptSteps });
    });
  }

  /** One write after the other. */
  private write(work: () => Promise<void>): void {
    this.writing = this.writing.then(work).catch((error: Error) => {
      if (!this.hasFailed) this.onProblem(`The run is not in the list of runs: ${error.message}`);
      this.hasFailed = true;
    });
  }
}

/** The run that `record` begins with, where it was asked the same. */
async function sameQuestions(
  archive: RunArchive<RunRecord, RunCurves>,
  { from, samples }: RunRecord,
): Promise<string | undefined> {
  if (from?.kind !== 'state' || samples === undefined) return undefined;
  const other = (await archive.record(from.runId))?.samples;
  const asked = ({ prompts, prompting, maxTokens }: NonNullable<typeof samples>) =>
    JSON.stringify([prompts, prompting, maxTokens]);
  return other !== undefined && asked(other) === asked(samples) ? from.runId : undefined;
}
