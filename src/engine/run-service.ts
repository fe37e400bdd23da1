// Train: one run at a time, followed from its start to the adapter that it leaves, and kept while it goes.

import { packRows } from '../data/pack-rows.ts';
import type { TokenRow } from '../data/types.ts';
import type { Adapter } from '../lora/adapter.ts';
import { countTrainable, savedBytes } from '../lora/adapter-tensors.ts';
import type { FlatAdapter } from '../lora/flat-adapter.ts';
import { type Checkpoint, latestCheckpoint } from '../train/checkpoint.ts';
import {
  checkSettings,
  isLearningRate,
  levelOf,
  stepsPerEpoch,
  type TrainSettings,
  totalSteps,
} from '../train/recipe.ts';
import { CHECKPOINT_EVERY } from '../train/run-journal.ts';
import { type PastTrainEvent, pastEvents, runShape, splitRows, type TrainEvent } from '../train/run-training.ts';
import { promptLength } from '../train/soft-prompt.ts';
import { planStep } from '../train/train-step.ts';
import { Autopilot } from './autopilot/advise.ts';
import { settleForRows } from './autopilot/settle-checkpointing.ts';
import type { BaseService } from './base-service.ts';
import { betweenSteps } from './between-steps.ts';
import type { RunFacts } from './card-facts.ts';
import type { DataService } from './data-service.ts';
import type { GpuTurn } from './gpu-turns.ts';
import { findInterrupted, type KeptRun, readKeptRows } from './kept-run.ts';
import type { LibraryService } from './library-service.ts';
import { type AnnouncedRun, OtherTabs, type RunWish } from './other-tabs.ts';
import type {
  AdapterRecord,
  Advice,
  FaultEvent,
  InterruptedRun,
  MemoryPlan,
  OtherTabEvent,
  RunApi,
  RunEvent,
  RunInOtherTab,
  RunRecord,
  RunResult,
  TrainOptions,
} from './protocol.ts';
import { RunControl } from './run-control.ts';
import { RunRecorder } from './run-recorder.ts';
import { findStart, readStart, withStart } from './run-start.ts';
import { checkSampleOptions } from './sample-prompts.ts';
import type { Session } from './session.ts';
import { adapterOf, isSameDevice, newShape } from './train-adapter.ts';
import { type RunFault, trainThroughFaults } from './train-through-faults.ts';

/** A tab is closed more lightly than a terminal. */
const CHECKPOINT_SECONDS = 10;

export class RunService implements RunApi {
  private turn: GpuTurn | undefined;

  private readonly autopilot: Autopilot;
  private readonly tabs: OtherTabs;

  constructor(
    private readonly session: Session,
    private readonly base: BaseService,
    private readonly datasets: DataService,
    private readonly library: LibraryService,
  ) {
    this.autopilot = new Autopilot(session, datasets, (settings, budgetBytes) => this.planRun(settings, budgetBytes));
    this.tabs = new OtherTabs(
      session.host.tabs,
      () => session.host.runs.freed(),
      (wish) => this.heed(wish),
    );
  }

  async planRun(asked: TrainSettings, budgetBytes = Number.POSITIVE_INFINITY): Promise<MemoryPlan> {
    checkSettings(asked);
    const model = this.session.needModel();
    const { rows } = await this.datasets.rowsFor(asked);
    const adapter = newShape(model, asked);
    const { settings } = settleForRows(model, rows, asked, adapter, budgetBytes);
    const shape = runShape(rows, settings, promptLength({ shape: adapter }));
    const plan = planStep(model, model.device.traits, adapter, shape);
    const { train } = splitRows(rows, settings);
    const { weights: weightBytes, tables } = model.bytesFor(shape.positions);
    return {
      totalBytes: weightBytes + tables + plan.total,
      weightBytes,
      adapterBytes: plan.adapter,
      activationBytes: plan.activations,
      otherBytes: plan.other + tables,
      trainableParameters: countTrainable(adapter),
      savedBytes: savedBytes(adapter),
      checkpointing: levelOf(settings),
      stepsPerEpoch: stepsPerEpoch(train.length, settings),
      totalSteps: totalSteps(train.length, settings),
    };
  }

  async adviseRun(settings: TrainSettings, budgetBytes: number): Promise<Advice> {
    this.session.refuseDuringRun('measure the device');
    checkSettings(settings);
    return this.autopilot.advise(settings, budgetBytes);
  }

  async train(
    runId: string,
    adapterName: string,
    settings: TrainSettings,
    onEvent: (event: RunEvent) => void,
    options: TrainOptions = {},
  ): Promise<RunResult> {
    this.session.refuseDuringRun('start another run');
    checkSettings(settings);
    const { samples } = options;
    if (samples) checkSampleOptions(samples);
    return this.follow({ runId, adapterName, settings, samples }, onEvent, async (control, told) => {
      control.set('preparing', 'Reading the rows');
      const dataset = await this.datasets.rowsFor(settings);
      const from = options.from && (await findStart(this.session, options.from));
      const run = {
        runId,
        adapterName,
        baseName: this.session.modelReport!.name,
        dataset: { name: dataset.name, hash: await this.datasets.datasetHash() },
        samples,
        start: from?.files,
      };
      const model = this.session.needModel();
      const asked = from === undefined ? settings : withStart(settings, from.adapter, model);
      const shape = from?.adapter ?? newShape(model, asked);
      const { settings: own } = settleForRows(model, dataset.rows, asked, shape, options.budgetBytes ?? Infinity);
      const record = {
        ...this.newRecord(run, own, dataset.rows),
        from: options.from && from && { ...options.from, name: from.name },
      };
      const release = await this.beginKeeping(run, dataset.rows).catch((error: Error) => {
        if (error instanceof TakenError) throw error;
        return error;
      });
      told.begin();
      const problem =
        typeof release === 'function' ? undefined : `This run is not kept while it goes: ${release.message}`;
      try {
        const recorder = new RunRecorder(this.session.host.archive, record, control.warn);
        return await this.trainAndKeep(
          run,
          { settings: own, dataset: { ...run.dataset, rows: dataset.rows }, problem, recorder },
          control,
          told.tell,
        );
      } finally {
        if (typeof release === 'function') release();
      }
    });
  }

  async interruptedRun(): Promise<InterruptedRun | undefined> {
    const found = await findInterrupted(this.session.host.runs);
    if (found === undefined) return undefined;
    const { run, checkpoint } = found;
    return {
      runId: run.runId,
      adapterName: run.adapterName,
      step: checkpoint.steps.length,
      totalSteps: checkpoint.totalSteps,
      settings: checkpoint.settings,
      datasetName: run.dataset.name,
      samples: run.samples,
      baseName: run.baseName,
      baseHash: checkpoint.identity.base,
      savedAt: checkpoint.savedAt,
      isSameDevice: this.session.device !== undefined && isSameDevice(checkpoint, this.session.device),
    };
  }

  async resumeInterrupted(onEvent: (event: RunEvent) => void): Promise<RunResult> {
    this.session.refuseDuringRun('go on with another run');
    this.session.needModel();
    const { run, checkpoint } = await this.needInterrupted();
    const { runId, adapterName, samples } = run;
    const about = { runId, adapterName, settings: checkpoint.settings, samples };
    return this.follow(about, onEvent, async (control, told) => {
      control.set('preparing', 'Reading the rows');
      const release = await this.session.host.runs.claim();
      if (release === undefined) throw new TakenError('Cannot go on: the run goes on in another tab');
      told.begin();
      try {
        const dataset = await readKeptRows(this.session.host.runs, run);
        const { settings } = checkpoint;
        const { archive } = this.session.host;
        const recorder = await RunRecorder.goOn(archive, this.newRecord(run, settings, dataset.rows), control.warn);
        const events = pastEvents(checkpoint, dataset.rows).map((event) => ({ ...event, runId }));
        const past = { type: 'past', runId, events } as const;
        recorder.take(past);
        told.tell(past);
        for (const sample of recorder.samplesSoFar) told.tell({ type: 'sample', runId, ...sample });
        const how = { settings, dataset, recorder, resumeFrom: checkpoint };
        return await this.trainAndKeep(run, how, control, told.tell);
      } finally {
        release();
      }
    });
  }

  async keepInterrupted(): Promise<AdapterRecord> {
    this.session.refuseDuringRun('keep the adapter of another run');
    const { run, checkpoint } = await this.needInterrupted();
    const adapter = await adapterOf(this.session.needModel(), checkpoint, await readStart(this.session, run));
    const { settings, steps, evals } = checkpoint;
    const dataset = await readKeptRows(this.session.host.runs, run);
    const outcome = {
      steps: steps.length,
      finalLoss: steps.at(-1)?.loss ?? Number.NaN,
      stopped: true,
      validationBefore: evals[0]?.loss,
      validationAfter: evals.at(-1)?.loss,
      rateChanges: checkpoint.rates,
      trouble: undefined,
      curve: { losses: steps.map(({ loss }) => loss), evals },
    };
    const record = await this.library.keep(
      run.adapterName,
      adapter,
      { made: 'trained' },
      { settings, dataset, outcome },
    );
    const { archive } = this.session.host;
    const recorder = await RunRecorder.goOn(archive, this.newRecord(run, settings, dataset.rows), () => {});
    const events = pastEvents(checkpoint, dataset.rows).map((event) => ({ ...event, runId: run.runId }));
    recorder.take({ type: 'past', runId: run.runId, events });
    await recorder.end({ state: 'stopped', adapterId: record.id });
    await this.session.host.runs.checkpoints.clear();
    return record;
  }

  async discardInterrupted(): Promise<void> {
    // Never that of a run that goes on.
    if ((await this.session.host.runs.interrupted()) !== undefined) await this.session.host.runs.checkpoints.clear();
  }

  async followOtherTabs(onEvent: (event: OtherTabEvent) => void): Promise<void> {
    this.tabs.follow((event) => {
      if (event.type === 'run') this.session.runElsewhere = event.run.runId;
      else if (event.type !== 'event') this.session.runElsewhere = undefined;
      onEvent(event);
    });
  }

  async pauseRun(runId: string): Promise<void> {
    this.wish({ wish: 'pause', runId });
  }

  async resumeRun(runId: string): Promise<void> {
    this.wish({ wish: 'resume', runId });
  }

  async changeRate(runId: string, learningRate: number): Promise<void> {
    if (!isLearningRate(learningRate))
      throw new RangeError(`Cannot change the learning rate: found ${learningRate}, need a number from 0 to 10`);
    this.wish({ wish: 'rate', runId, learningRate });
  }

  async stopRun(runId: string): Promise<void> {
    this.wish({ wish: 'stop', runId });
  }

  /** Of a run of this tab, or of another. */
  private wish(wish: RunWish): void {
    if (this.session.runs.has(wish.runId)) this.heed(wish);
    else this.tabs.ask(wish);
  }

  private heed(wish: RunWish): void {
    const run = this.session.runs.get(wish.runId);
    if (wish.wish === 'rate') {
      if (isLearningRate(wish.learningRate)) run?.changeRate(wish.learningRate);
    } else run?.[wish.wish]();
  }

  /** A run's frame: its control while it goes, what other tabs are told of it, and the state it ends with when it throws. */
  private async follow(
    about: RunInOtherTab,
    onEvent: (event: RunEvent) => void,
    run: (control: RunControl, told: AnnouncedRun) => Promise<RunResult>,
  ): Promise<RunResult> {
    const { runId } = about;
    const others = this.tabs.announce(about);
    const tell = (event: RunEvent) => {
      others.tell(event);
      onEvent(event);
    };
    const control = new RunControl((state, message) => tell({ type: 'state', runId, state, message }));
    this.session.runs.set(runId, control);
    let result: RunResult | undefined;
    try {
      this.turn = await this.session.turns.take();
      result = await run(control, { ...others, tell });
      return result;
    } catch (error) {
      control.set('failed', (error as Error).message);
      throw error;
    } finally {
      others.end(result);
      this.session.runs.delete(runId);
      this.session.training = undefined;
      this.turn?.end();
    }
  }

  /** Between two steps: a paused run has no turn on the GPU, and whoever waits for one goes first. */
  private async letOthersIn(control: RunControl): Promise<void> {
    if (!control.isPaused && !this.session.turns.isWanted) return;
    this.turn?.end();
    await control.waitWhilePaused();
    this.turn = await this.session.turns.take();
  }

  /** Takes the place of the run that goes on and writes down what it is; returns what gives the place back. */
  private async beginKeeping(run: KeptRun, rows: readonly TokenRow[]): Promise<() => void> {
    const release = await this.session.host.runs.claim();
    if (release === undefined)
      throw new TakenError('Cannot start another run: a run is going on in another tab; stop it there first');
    try {
      // Throws where a newer Graft has left a run: it stays.
      await latestCheckpoint(this.session.host.runs.checkpoints);
      await this.session.host.runs.begin(run, packRows(rows));
      return release;
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Trains, keeping checkpoints unless there is a `problem`, and puts the adapter into the library. */
  private async trainAndKeep(
    run: KeptRun,
    how: {
      readonly settings: TrainSettings;
      readonly dataset: RunFacts['dataset'];
      readonly resumeFrom?: Checkpoint;
      readonly problem?: string | undefined;
      readonly recorder: RunRecorder;
    },
    control: RunControl,
    onEvent: (event: RunEvent) => void,
  ): Promise<RunResult> {
    const { runId, adapterName } = run;
    const { settings, dataset, resumeFrom, recorder } = how;
    const tell = (event: RunEvent) => {
      recorder.take(event);
      onEvent(event);
    };
    const between = betweenSteps({
      session: this.session,
      runId,
      name: adapterName,
      totalSteps: totalSteps(splitRows(dataset.rows, settings).train.length, settings),
      samples: run.samples,
      recorder,
      tell,
      onProblem: control.warn,
    });
    const { checkpoints } = this.session.host.runs;
    let { problem } = how;
    const isKept = problem === undefined;
    const keep = {
      store: isKept ? checkpoints : undefined,
      dataHash: dataset.hash,
      everySteps: CHECKPOINT_EVERY.steps,
      everySeconds: CHECKPOINT_SECONDS,
      resumeFrom,
      onSaved(step: number, found: string | undefined) {
        if (isKept) problem = found && `The run cannot be kept at step ${step}: ${found}`;
      },
    };
    const hooks = {
      onEvent: (event: TrainEvent) => {
        control.set('running', problem);
        tell({ ...event, runId });
      },
      onProgress: (done: number, total: number) => control.set('preparing', `Compiling kernel ${done} of ${total}`),
      beforeStep: () => this.letOthersIn(control),
      onWentBack: (step: number, message: string, past: readonly PastTrainEvent[]) =>
        goOnAfter({ cause: 'numbers', step, message, settings }, past),
      onAdapter: (flat: FlatAdapter, adapter: Adapter) => {
        this.session.training = flat;
        between.setAdapter(adapter);
      },
      afterStep: between.afterStep,
      nextRate: () => control.takeRate(),
      onAllocated: (bytes: number) => tell({ type: 'memory', runId, bytes }),
      signal: control.signal,
    };
    const goOnAfter = (fault: Omit<FaultEvent, 'type' | 'runId'>, past: readonly PastTrainEvent[]) => {
      tell({ type: 'past', runId, events: past.map((event) => ({ ...event, runId })) });
      tell({ type: 'fault', runId, ...fault });
    };
    const onFault = ({ message, checkpoint, settings: next }: RunFault) => {
      const step = checkpoint?.steps.length ?? 0;
      const past = checkpoint === undefined ? [] : pastEvents(checkpoint, dataset.rows);
      goOnAfter({ cause: 'gpu', step, message, settings: next }, past);
      control.set('preparing', 'Asking for the GPU again');
    };
    const open = () => this.base.liveModel();
    const { adapter, outcome, probe } = await trainThroughFaults({
      open,
      rows: dataset.rows,
      settings,
      hooks,
      start: await readStart(this.session, run),
      keep,
      onFault,
    }).catch(async (error: Error) => {
      await recorder.end({ state: 'failed', trouble: error.message });
      throw error;
    });
    const record = await this.library.keep(
      adapterName,
      adapter,
      { made: 'trained' },
      { settings, dataset, outcome },
      probe,
    );
    // The adapter is safe: what is left of the run could only be offered once too often.
    if (isKept) await checkpoints.clear().catch(() => {});
    const end = outcome.stopped ? 'stopped' : 'done';
    const { trouble, steps, finalLoss } = outcome;
    await recorder.end({ state: end, adapterId: record.id, trouble, steps, finalLoss });
    control.set(end);
    return {
      runId,
      adapterId: record.id,
      steps: outcome.steps,
      finalLoss: outcome.finalLoss,
      validationLoss: outcome.validationAfter,
      baseValidationLoss: outcome.validationBefore,
      trouble: outcome.trouble,
    };
  }

  private newRecord(run: KeptRun, settings: TrainSettings, rows: readonly TokenRow[]): RunRecord {
    const { id, name, hash, quant } = this.session.modelReport!;
    return {
      id: run.runId,
      name: run.adapterName,
      created: new Date().toISOString(),
      state: 'running',
      settings,
      base: { id, name, hash, quant },
      data: { ...run.dataset, rows: rows.length },
      device: this.session.needDevice().name,
      steps: 0,
      totalSteps: totalSteps(splitRows(rows, settings).train.length, settings),
      trainedMs: 0,
      memoryBytes: undefined,
      finalLoss: undefined,
      validationBefore: undefined,
      validationAfter: undefined,
      trouble: undefined,
      adapterId: undefined,
      samples: run.samples,
      from: undefined,
      notes: '',
      keptSteps: [],
    };
  }

  private async needInterrupted() {
    const found = await findInterrupted(this.session.host.runs);
    if (found === undefined) throw new Error('Cannot go on: found no interrupted run, need one');
    return found;
  }
}

/** Another tab has the only place for a run. */
class TakenError extends Error {
  override name = 'TakenError';
}
