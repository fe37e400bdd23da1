// Train: entry point for the page's runs, one at a time, each with one adapter or several. prepare-run.ts sets a run up,
// live-runs.ts holds it while it goes, train-members.ts stores its adapters in the library, interrupted-runs.ts handles what a
// closed tab left.

import { MOST_TOGETHER } from '../train/apply-recipe.ts';
import { checkSettings } from '../train/check-settings.ts';
import { isLearningRate, type TrainSettings } from '../train/recipe.ts';
import { Autopilot } from './autopilot/advise.ts';
import type { BaseService } from './base-service.ts';
import type { DataService } from './data-service.ts';
import { findFork } from './find-fork.ts';
import { InterruptedRuns } from './interrupted-runs.ts';
import type { LibraryService } from './library-service.ts';
import { LiveRuns } from './live-runs.ts';
import { RunPreparation } from './prepare-run.ts';
import type {
  AdapterRecord,
  Advice,
  GoingOn,
  InterruptedRun,
  MemoryPlan,
  OtherTabEvent,
  RunApi,
  RunEvent,
  RunResult,
  RunStart,
  TogetherAsk,
  TogetherEnd,
  TrainOptions,
} from './protocol.ts';
import { rowsOf } from './ready-member.ts';
import { planMembers, settleMembers } from './run-plan.ts';
import { checkSampleOptions } from './sample-prompts.ts';
import type { Session } from './session.ts';
import { newShape } from './train-adapter.ts';
import { endsOf, MemberTrainer } from './train-members.ts';

export class RunService implements RunApi {
  private readonly autopilot: Autopilot;
  private readonly live: LiveRuns;
  private readonly preparation: RunPreparation;
  private readonly trainer: MemberTrainer;
  private readonly interrupted: InterruptedRuns;

  constructor(
    private readonly session: Session,
    base: BaseService,
    private readonly datasets: DataService,
    library: LibraryService,
  ) {
    this.autopilot = new Autopilot(session, datasets, (settings, budgetBytes) => this.planRun(settings, budgetBytes));
    this.live = new LiveRuns(session);
    this.preparation = new RunPreparation(session, datasets);
    this.trainer = new MemberTrainer(session, base, library);
    this.interrupted = new InterruptedRuns(session, library, this.live, this.trainer);
  }

  planRun(settings: TrainSettings, budgetBytes?: number): Promise<MemoryPlan> {
    return this.planTogether([{ settings }], budgetBytes);
  }

  async planTogether(
    asked: readonly Pick<TogetherAsk, 'settings' | 'file'>[],
    budgetBytes?: number,
  ): Promise<MemoryPlan> {
    checkAsked(asked);
    const model = this.session.needModel();
    const members = [];
    for (const { settings, file } of asked) {
      const { rows } = await this.datasets.rowsFor(settings);
      members.push({ settings, shape: newShape(model, settings), rows: rowsOf(rows, file) });
    }
    return planMembers(model, settleMembers(model, members, budgetBytes));
  }

  async adviseRun(settings: TrainSettings, budgetBytes: number): Promise<Advice> {
    this.session.refuseDuringRun('measure the device');
    checkSettings(settings);
    return this.autopilot.advise(settings, budgetBytes);
  }

  async goingOn(from: Extract<RunStart, { readonly kind: 'state' }>, settings: TrainSettings): Promise<GoingOn> {
    checkSettings(settings);
    const { rows } = await this.datasets.rowsFor(settings);
    const hash = await this.datasets.datasetHash();
    try {
      const { checkpoint, changed, isSameDevice } = await findFork(this.session, from, settings, { rows, hash });
      return { totalSteps: checkpoint.totalSteps, changed, isSameDevice };
    } catch (error) {
      return { problem: (error as Error).message };
    }
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
    const asked = { runId, adapterName, settings };
    const ends = this.live.follow({ ...asked, samples }, onEvent, async ([control], told) => {
      const prepared = await this.preparation.one(asked, options, control!);
      const [end] = await this.trainer.begin(prepared, [control!], told);
      if (end!.status === 'rejected') throw end!.reason;
      return [{ runId, result: end!.value }];
    });
    const [end] = await ends;
    return (end as Extract<TogetherEnd, { readonly result: RunResult }>).result;
  }

  async trainTogether(
    asked: readonly TogetherAsk[],
    onEvent: (event: RunEvent) => void,
    options: Pick<TrainOptions, 'samples' | 'budgetBytes'> = {},
  ): Promise<readonly TogetherEnd[]> {
    this.session.refuseDuringRun('start another run');
    checkAsked(asked);
    const { samples } = options;
    if (samples) checkSampleOptions(samples);
    const ids = asked.map(({ runId }) => runId);
    const [head, ...others] = asked;
    return this.live.follow({ ...head!, samples, others }, onEvent, async (controls, told) => {
      const prepared = await this.preparation.several(asked, options, controls);
      return endsOf(ids, await this.trainer.begin(prepared, controls, told));
    });
  }

  interruptedRun(): Promise<InterruptedRun | undefined> {
    return this.interrupted.tell();
  }

  resumeInterrupted(onEvent: (event: RunEvent) => void): Promise<readonly TogetherEnd[]> {
    return this.interrupted.resume(onEvent);
  }

  keepInterrupted(): Promise<readonly AdapterRecord[]> {
    return this.interrupted.keep();
  }

  discardInterrupted(): Promise<void> {
    return this.interrupted.discard();
  }

  async followOtherTabs(onEvent: (event: OtherTabEvent) => void): Promise<void> {
    this.live.followOtherTabs(onEvent);
  }

  async pauseRun(runId: string): Promise<void> {
    this.live.ask({ wish: 'pause', runId });
  }

  async resumeRun(runId: string): Promise<void> {
    this.live.ask({ wish: 'resume', runId });
  }

  async changeRate(runId: string, learningRate: number): Promise<void> {
    if (!isLearningRate(learningRate))
      throw new RangeError(`Cannot change the learning rate: found ${learningRate}, need a number from 0 to 10`);
    this.live.ask({ wish: 'rate', runId, learningRate });
  }

  async stopRun(runId: string): Promise<void> {
    this.live.ask({ wish: 'stop', runId });
  }
}

/** Throws RangeError. All train on the open rows, cut at the same length. */
function checkAsked(asked: readonly Pick<TogetherAsk, 'settings'>[]): void {
  if (asked.length === 0 || asked.length > MOST_TOGETHER)
    throw new RangeError(`Cannot train at once: found ${asked.length} adapters, need 1 to ${MOST_TOGETHER}`);
  for (const { settings } of asked) checkSettings(settings);
  const lengths = [...new Set(asked.map(({ settings }) => settings.seqLen))];
  if (lengths.length > 1)
    throw new RangeError(
      `Cannot train at once: found rows of ${lengths.join(' and ')} tokens, need one length for all`,
    );
}
