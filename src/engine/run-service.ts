// Train: entry point for the page's runs, one at a time, each with one adapter or several. Plans and sets up a run; live-runs.ts
// holds it while it goes, train-members.ts stores its adapters in the library, interrupted-runs.ts handles what a closed tab left.

import type { Dataset } from '../data/load-dataset.ts';
import type { TokenRow } from '../data/types.ts';
import { MOST_TOGETHER } from '../train/apply-recipe.ts';
import { checkSettings, isLearningRate, type TrainSettings } from '../train/recipe.ts';
import { Autopilot } from './autopilot/advise.ts';
import type { BaseService } from './base-service.ts';
import type { DataService } from './data-service.ts';
import { type FoundFork, findFork } from './find-fork.ts';
import { InterruptedRuns } from './interrupted-runs.ts';
import type { KeptMember, KeptRun } from './kept-run.ts';
import type { LibraryService } from './library-service.ts';
import { LiveRuns } from './live-runs.ts';
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
import { type ReadyMember, readyMember, rowsOf } from './ready-member.ts';
import type { RunControl } from './run-control.ts';
import { type PlannedMember, planMembers, settleMembers } from './run-plan.ts';
import { findStart, withStart } from './run-start.ts';
import { checkSampleOptions } from './sample-prompts.ts';
import type { Session } from './session.ts';
import { startFromRows } from './start-from-rows.ts';
import { newShape } from './train-adapter.ts';
import { endsOf, MemberTrainer } from './train-members.ts';

export class RunService implements RunApi {
  private readonly autopilot: Autopilot;
  private readonly live: LiveRuns;
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
    checkTogether(asked);
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
    return this.live
      .follow({ runId, adapterName, settings, samples }, onEvent, async ([control], told) => {
        control!.set('preparing', 'Reading the rows');
        const dataset = await this.datasets.rowsFor(settings);
        const known = await this.known(dataset);
        const from = options.from && (await this.begins(options.from, settings, { ...known, rows: dataset.rows }));
        const { asked = settings } = from ?? {};
        const start = from ? from.start : await this.startFromRows(dataset.rows, asked, control!);
        const member = { runId, adapterName, dataset: known, start: start?.files };
        const model = this.session.needModel();
        const shape = start?.adapter ?? newShape(model, asked);
        const [{ settings: own }] = settleMembers(
          model,
          [{ settings: asked, shape, rows: dataset.rows }],
          options.budgetBytes,
        ) as [PlannedMember];
        const started = options.from && from && { ...options.from, name: from.name };
        const found = from?.checkpoint && {
          ...{ place: 0, member, settings: own },
          checkpoint: { ...from.checkpoint, settings: own },
        };
        const ready: ReadyMember = {
          ...{ place: 0, member, settings: own, from: started },
          dataset: { ...known, rows: dataset.rows },
          ...(found && { found }),
        };
        const run = { ...member, ...this.shared(samples) };
        const [end] = await this.trainer.begin(run, dataset.rows, [ready], [control!], told);
        if (end!.status === 'rejected') throw end!.reason;
        return [{ runId, result: end!.value }];
      })
      .then(([end]) => (end as Extract<TogetherEnd, { readonly result: RunResult }>).result);
  }

  async trainTogether(
    asked: readonly TogetherAsk[],
    onEvent: (event: RunEvent) => void,
    { samples, budgetBytes }: Pick<TrainOptions, 'samples' | 'budgetBytes'> = {},
  ): Promise<readonly TogetherEnd[]> {
    this.session.refuseDuringRun('start another run');
    checkTogether(asked);
    if (samples) checkSampleOptions(samples);
    const ids = asked.map(({ runId }) => runId);
    const [head, ...rest] = asked;
    return this.live.follow({ ...head!, samples, others: rest }, onEvent, async (controls, told) => {
      for (const control of controls) control.set('preparing', 'Reading the rows');
      const dataset = await this.datasets.rowsFor(asked[0]!.settings);
      const { rows } = dataset;
      const all = { rows, ...(await this.known(dataset)) };
      const model = this.session.needModel();
      const members: (PlannedMember & Pick<KeptMember, 'start'>)[] = [];
      for (const [i, { settings, file }] of asked.entries()) {
        const own = rowsOf(rows, file);
        const start = await this.startFromRows(own, settings, controls[i]!);
        members.push({ settings, shape: start?.adapter ?? newShape(model, settings), rows: own, start: start?.files });
      }
      const settled = settleMembers(model, members, budgetBytes);
      const ready = await Promise.all(
        asked.map((one, place) => {
          const ask = { ...one, settings: settled[place]!.settings, start: members[place]!.start };
          return readyMember(ask, place, all, (file) => this.datasets.promptingOf(file));
        }),
      );
      const [first, ...others] = ready.map(({ member }) => member);
      const run: KeptRun = { ...first!, ...this.shared(samples), others };
      return endsOf(ids, await this.trainer.begin(run, all.rows, ready, controls, told));
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

  /** The adapter or checkpoint that a run from `from` starts with. */
  private async begins(
    from: RunStart,
    settings: TrainSettings,
    dataset: Pick<Dataset, 'rows' | 'hash'>,
  ): Promise<Pick<FoundFork, 'name' | 'start' | 'asked'> & Partial<Pick<FoundFork, 'checkpoint'>>> {
    if (from.kind === 'state' && from.goesOn) return findFork(this.session, from, settings, dataset);
    const { name, files, adapter } = await findStart(this.session, from);
    return { name, start: { files, adapter }, asked: withStart(settings, adapter, this.session.needModel()) };
  }

  private async known({ name }: { readonly name: string }): Promise<KeptRun['dataset']> {
    return { name, hash: await this.datasets.datasetHash(), prompting: this.datasets.promptingOf() };
  }

  /** In turns on the GPU, so that answers come in between. */
  private async startFromRows(rows: readonly TokenRow[], settings: TrainSettings, control: RunControl) {
    const say = (progress: string) => control.set('preparing', progress);
    const during = <T>(work: () => Promise<T>) => this.session.turns.during(work);
    const hooks = { say, during, signal: control.signal };
    const found = await startFromRows(this.session.needModel(), rows, settings, hooks);
    if (found && !found.hasSettled) control.warn(found.outcome);
    return found;
  }

  private shared(samples: TrainOptions['samples']): Pick<KeptRun, 'baseName' | 'samples'> {
    return { baseName: this.session.modelReport!.name, samples };
  }
}

/** Throws RangeError. All train on the open rows, cut at the same length. */
function checkTogether(asked: readonly Pick<TogetherAsk, 'settings'>[]): void {
  if (asked.length === 0 || asked.length > MOST_TOGETHER)
    throw new RangeError(`Cannot train at once: found ${asked.length} adapters, need 1 to ${MOST_TOGETHER}`);
  for (const { settings } of asked) checkSettings(settings);
  const lengths = [...new Set(asked.map(({ settings }) => settings.seqLen))];
  if (lengths.length > 1)
    throw new RangeError(
      `Cannot train at once: found rows of ${lengths.join(' and ')} tokens, need one length for all`,
    );
}
