// Train: one run at a time, of one adapter or several at once, followed from its start to the adapters that it leaves, and kept while
// it goes.

import { hashRows } from '../data/hash-rows.ts';
import { packRows } from '../data/pack-rows.ts';
import type { TokenRow } from '../data/types.ts';
import { latestCheckpoint } from '../train/checkpoint.ts';
import { checkSettings, isLearningRate, type TrainSettings, totalSteps } from '../train/recipe.ts';
import { MOST_TOGETHER } from '../train/recipe-file.ts';
import { pastEvents } from '../train/run-training.ts';
import { splitRows } from '../train/split-rows.ts';
import { Autopilot } from './autopilot/advise.ts';
import type { BaseService } from './base-service.ts';
import type { RunFacts } from './card-facts.ts';
import type { DataService } from './data-service.ts';
import {
  type FoundMember,
  findInterrupted,
  type KeptMember,
  type KeptRun,
  membersOf,
  ownRows,
  readKeptRows,
  withMember,
} from './kept-run.ts';
import type { LibraryService } from './library-service.ts';
import { type AnnouncedRun, OtherTabs, type RunWish } from './other-tabs.ts';
import type {
  AdapterRecord,
  Advice,
  InterruptedRun,
  MemoryPlan,
  OtherTabEvent,
  RunApi,
  RunEvent,
  RunInOtherTab,
  RunRecord,
  RunResult,
  TogetherAsk,
  TogetherEnd,
  TrainOptions,
} from './protocol.ts';
import { RunControl } from './run-control.ts';
import { type MemberOfRun, runMember } from './run-member.ts';
import { type PlannedMember, planMembers, settleMembers } from './run-plan.ts';
import { RunRecorder } from './run-recorder.ts';
import { findStart, readStart, withStart } from './run-start.ts';
import { checkSampleOptions } from './sample-prompts.ts';
import type { Session } from './session.ts';
import { SharedTurn } from './shared-turn.ts';
import { adapterOf, isSameDevice, newShape } from './train-adapter.ts';
import { trainThroughFaults, trainTogetherThroughFaults } from './train-through-faults.ts';

type Dataset = RunFacts['dataset'];

/** An adapter that is about to train, with what of it has been kept. */
interface Ready {
  readonly place: number;
  readonly member: KeptMember;
  readonly settings: TrainSettings;
  readonly dataset: Dataset;
  readonly from?: RunRecord['from'];
  readonly found?: FoundMember;
}

export class RunService implements RunApi {
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

  planRun(settings: TrainSettings, budgetBytes?: number): Promise<MemoryPlan> {
    return this.planTogether([{ settings }], budgetBytes);
  }

  async planTogether(
    asked: readonly Pick<TogetherAsk, 'settings' | 'file'>[],
    budgetBytes?: number,
  ): Promise<MemoryPlan> {
    for (const { settings } of asked) checkSettings(settings);
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
    return this.follow({ runId, adapterName, settings, samples }, onEvent, async ([control], told) => {
      control!.set('preparing', 'Reading the rows');
      const dataset = await this.datasets.rowsFor(settings);
      const from = options.from && (await findStart(this.session, options.from));
      const known = { name: dataset.name, hash: await this.datasets.datasetHash() };
      const member = { runId, adapterName, dataset: known, start: from?.files };
      const model = this.session.needModel();
      const asked = from === undefined ? settings : withStart(settings, from.adapter, model);
      const shape = from?.adapter ?? newShape(model, asked);
      const [{ settings: own }] = settleMembers(
        model,
        [{ settings: asked, shape, rows: dataset.rows }],
        options.budgetBytes,
      ) as [PlannedMember];
      const started = options.from && from && { ...options.from, name: from.name };
      const ready = { place: 0, member, settings: own, dataset: { ...known, rows: dataset.rows }, from: started };
      const run = { ...member, ...this.shared(samples) };
      const [end] = await this.keepAndTrain(run, dataset.rows, [ready], [control!], told);
      if (end!.status === 'rejected') throw end!.reason;
      return [{ runId, result: end!.value }];
    }).then(([end]) => (end as Extract<TogetherEnd, { readonly result: RunResult }>).result);
  }

  async trainTogether(
    asked: readonly TogetherAsk[],
    onEvent: (event: RunEvent) => void,
    { samples, budgetBytes }: Pick<TrainOptions, 'samples' | 'budgetBytes'> = {},
  ): Promise<readonly TogetherEnd[]> {
    this.session.refuseDuringRun('start another run');
    if (asked.length === 0 || asked.length > MOST_TOGETHER)
      throw new RangeError(`Cannot train at once: found ${asked.length} adapters, need 1 to ${MOST_TOGETHER}`);
    for (const { settings } of asked) checkSettings(settings);
    if (samples) checkSampleOptions(samples);
    const ids = asked.map(({ runId }) => runId);
    const [head, ...rest] = asked;
    return this.follow({ ...head!, samples, others: rest }, onEvent, async (controls, told) => {
      for (const control of controls) control.set('preparing', 'Reading the rows');
      const { name, rows } = await this.datasets.rowsFor(asked[0]!.settings);
      const all = { name, rows, hash: await this.datasets.datasetHash() };
      const model = this.session.needModel();
      const members = asked.map(({ settings, file }) => ({
        settings,
        shape: newShape(model, settings),
        rows: rowsOf(rows, file),
      }));
      const settled = settleMembers(model, members, budgetBytes);
      const ready = await Promise.all(
        asked.map((one, place) => readyFor({ ...one, settings: settled[place]!.settings }, place, all)),
      );
      const [first, ...others] = ready.map(({ member }) => member);
      const run: KeptRun = { ...first!, ...this.shared(samples), others };
      return endsOf(ids, await this.keepAndTrain(run, all.rows, ready, controls, told));
    });
  }

  async interruptedRun(): Promise<InterruptedRun | undefined> {
    const found = await findInterrupted(this.session.host.runs);
    if (found === undefined) return undefined;
    const { run, members } = found;
    const kept = members.flatMap(({ checkpoint }) => checkpoint ?? []);
    const all = await readKeptRows(this.session.host.runs, run);
    const { device } = this.session;
    return {
      members: members.map(({ member, checkpoint, settings }) => {
        const rows = member.rows === undefined ? all : [...member.rows].flatMap((index) => all[index] ?? []);
        const total = checkpoint?.totalSteps ?? totalSteps(splitRows(rows, settings).train.length, settings);
        const isDone = member.adapterId !== undefined;
        const { runId, adapterName } = member;
        return { runId, adapterName, settings, totalSteps: total, isDone, step: isDone ? total : stepOf(checkpoint) };
      }),
      datasetName: run.dataset.name,
      samples: run.samples,
      baseName: run.baseName,
      baseHash: kept[0]?.identity.base ?? '',
      savedAt:
        kept
          .map(({ savedAt }) => savedAt)
          .sort()
          .at(-1) ?? '',
      isSameDevice: device !== undefined && kept.every((checkpoint) => isSameDevice(checkpoint, device)),
    };
  }

  async resumeInterrupted(onEvent: (event: RunEvent) => void): Promise<readonly TogetherEnd[]> {
    this.session.refuseDuringRun('go on with another run');
    this.session.needModel();
    const { run, members } = await this.needInterrupted();
    const left = members.filter(({ member }) => member.adapterId === undefined);
    const ids = left.map(({ member }) => member.runId);
    const abouts = left.map(({ member: { runId, adapterName }, settings }) => ({ runId, adapterName, settings }));
    const about = { ...abouts[0]!, samples: run.samples, others: abouts.slice(1) };
    return this.follow(about, onEvent, async (controls, told) => {
      for (const control of controls) control.set('preparing', 'Reading the rows');
      const { runs } = this.session.host;
      const release = await runs.claim();
      if (release === undefined) throw new TakenError('Cannot go on: the run goes on in another tab');
      told.begin();
      try {
        const all = await readKeptRows(runs, run);
        const ready: Ready[] = [];
        for (const found of left) {
          const { place, member, settings } = found;
          ready.push({ place, member, settings, dataset: await ownRows(all, member), found });
        }
        const ends = await this.trainReady(run, ready, controls, told.tell);
        // One that nobody waits beside fails as it always has.
        if (ends.length === 1 && ends[0]!.status === 'rejected') throw ends[0]!.reason;
        return endsOf(ids, ends);
      } finally {
        release();
      }
    });
  }

  async keepInterrupted(): Promise<readonly AdapterRecord[]> {
    this.session.refuseDuringRun('keep the adapter of another run');
    const { run, members } = await this.needInterrupted();
    const all = await readKeptRows(this.session.host.runs, run);
    const records: AdapterRecord[] = [];
    for (const { member, checkpoint } of members) {
      if (checkpoint === undefined) continue;
      const adapter = await adapterOf(this.session.needModel(), checkpoint, await readStart(this.session, member));
      const { settings, steps, evals, forgetting } = checkpoint;
      const dataset = await ownRows(all, member);
      const outcome = {
        steps: steps.length,
        finalLoss: steps.at(-1)?.loss ?? Number.NaN,
        stopped: true,
        validationBefore: evals[0]?.loss,
        validationAfter: evals.at(-1)?.loss,
        rateChanges: checkpoint.rates,
        trouble: undefined,
        curve: { losses: steps.map(({ loss }) => loss), evals, ...(forgetting && { forgetting }) },
      };
      const facts = { settings, dataset, outcome };
      const record = await this.library.keep(member.adapterName, adapter, { made: 'trained' }, facts);
      const { archive } = this.session.host;
      const fallback = this.newRecord(run, { member, settings, dataset });
      const recorder = await RunRecorder.goOn(archive, fallback, () => {});
      const { runId } = member;
      recorder.take({
        type: 'past',
        runId,
        events: pastEvents(checkpoint, dataset.rows).map((e) => ({ ...e, runId })),
      });
      await recorder.end({ state: 'stopped', adapterId: record.id });
      records.push(record);
    }
    await this.session.host.runs.clear();
    return records;
  }

  async discardInterrupted(): Promise<void> {
    // Never that of a run that goes on.
    if ((await this.session.host.runs.interrupted()) !== undefined) await this.session.host.runs.clear();
  }

  async followOtherTabs(onEvent: (event: OtherTabEvent) => void): Promise<void> {
    this.tabs.follow((event) => {
      if (event.type === 'run')
        this.session.runElsewhere = new Set([event.run, ...(event.run.others ?? [])].map(({ runId }) => runId));
      else if (event.type !== 'event') this.session.runElsewhere = new Set();
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

  /**
   * A run's frame: a control for each of its adapters while it goes, what other tabs are told of it, and the state it ends with when
   * it throws.
   */
  private async follow(
    about: RunInOtherTab,
    onEvent: (event: RunEvent) => void,
    run: (controls: readonly RunControl[], told: AnnouncedRun) => Promise<readonly TogetherEnd[]>,
  ): Promise<readonly TogetherEnd[]> {
    const others = this.tabs.announce(about);
    const tell = (event: RunEvent) => {
      others.tell(event);
      onEvent(event);
    };
    const runIds = [about, ...(about.others ?? [])].map(({ runId }) => runId);
    const controls = runIds.map(
      (runId) => new RunControl((state, message) => tell({ type: 'state', runId, state, message })),
    );
    for (const [i, runId] of runIds.entries()) this.session.runs.set(runId, controls[i]!);
    let ends: readonly TogetherEnd[] | undefined;
    try {
      ends = await run(controls, { ...others, tell });
      return ends;
    } catch (error) {
      for (const control of controls) control.set('failed', (error as Error).message);
      throw error;
    } finally {
      others.end(ends);
      for (const runId of runIds) this.session.runs.delete(runId);
      this.session.training.clear();
    }
  }

  /** Takes the place of the run that goes on, writes down what it is, and trains; kept or not, it goes. */
  private async keepAndTrain(
    run: KeptRun,
    rows: readonly TokenRow[],
    ready: readonly Ready[],
    controls: readonly RunControl[],
    told: AnnouncedRun,
  ): Promise<PromiseSettledResult<RunResult>[]> {
    const release = await this.beginKeeping(run, rows).catch((error: Error) => {
      if (error instanceof TakenError) throw error;
      return error;
    });
    told.begin();
    const problem =
      typeof release === 'function' ? undefined : `This run is not kept while it goes: ${release.message}`;
    try {
      return await this.trainReady(run, ready, controls, told.tell, problem);
    } finally {
      if (typeof release === 'function') release();
    }
  }

  /** Returns what gives the place back. */
  private async beginKeeping(run: KeptRun, rows: readonly TokenRow[]): Promise<() => void> {
    const release = await this.session.host.runs.claim();
    if (release === undefined)
      throw new TakenError('Cannot start another run: a run is going on in another tab; stop it there first');
    try {
      // Throws where a newer Graft has left a run: it stays.
      for (let place = 0; place < MOST_TOGETHER; place++)
        await latestCheckpoint(this.session.host.runs.checkpoints(place));
      await this.session.host.runs.begin(run, packRows(rows));
      return release;
    } catch (error) {
      release();
      throw error;
    }
  }

  /** To the end of each; what is left of the run in the storage goes when all of them are in the library. */
  private async trainReady(
    run: KeptRun,
    ready: readonly Ready[],
    controls: readonly RunControl[],
    onEvent: (event: RunEvent) => void,
    problem?: string,
  ): Promise<PromiseSettledResult<RunResult>[]> {
    const { session, library } = this;
    const { runs, archive } = session.host;
    let kept = run;
    const turn = new SharedTurn(session.turns);
    const prepare = async (one: Ready, control: RunControl) => {
      const { place, member, settings, dataset, found } = one;
      const { runId } = member;
      const record = this.newRecord(run, one);
      const recorder =
        found === undefined
          ? new RunRecorder(archive, record, control.warn)
          : await RunRecorder.goOn(archive, record, control.warn);
      if (found?.checkpoint !== undefined) {
        const events = pastEvents(found.checkpoint, dataset.rows).map((event) => ({ ...event, runId }));
        const past = { type: 'past', runId, events } as const;
        recorder.take(past);
        onEvent(past);
        for (const sample of recorder.samplesSoFar) onEvent({ type: 'sample', runId, ...sample });
      }
      const onKept = async (adapterId: string) => {
        kept = withMember(kept, place, { adapterId });
        if (membersOf(kept).every((other) => other.adapterId !== undefined)) return runs.clear();
        await runs.update(kept);
        await runs.checkpoints(place).clear();
      };
      const { samples } = run;
      const resumeFrom = found?.checkpoint;
      const own = { turn, control, recorder, place, member, settings, dataset, samples, resumeFrom, problem };
      return runMember({ session, library, ...own, onEvent, onKept } satisfies MemberOfRun);
    };
    const members = await Promise.all(ready.map((one, i) => prepare(one, controls[i]!)));
    const open = () => this.base.liveModel();
    const training = members.map(({ enduring }) => enduring);
    const ends =
      training.length === 1
        ? await Promise.allSettled([trainThroughFaults(open, training[0]!)])
        : await trainTogetherThroughFaults(open, training);
    for (const [i, end] of ends.entries()) if (end.status === 'rejected') await members[i]!.fail(end.reason);
    return ends;
  }

  private shared(samples: TrainOptions['samples']): Pick<KeptRun, 'baseName' | 'samples'> {
    return { baseName: this.session.modelReport!.name, samples };
  }

  private newRecord(
    { samples }: KeptRun,
    { member, settings, dataset: { rows }, from }: Pick<Ready, 'member' | 'settings' | 'dataset' | 'from'>,
  ): RunRecord {
    const { id, name, hash, quant } = this.session.modelReport!;
    return {
      id: member.runId,
      name: member.adapterName,
      created: new Date().toISOString(),
      state: 'running',
      settings,
      base: { id, name, hash, quant },
      data: { ...member.dataset, rows: rows.length },
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
      samples,
      from,
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

function rowsOf(rows: readonly TokenRow[], file: string | undefined): readonly TokenRow[] {
  return file === undefined ? rows : rows.filter((row) => row.file === file);
}

async function readyFor(
  { runId, adapterName, settings, file }: TogetherAsk,
  place: number,
  all: Dataset,
): Promise<Ready> {
  const rows = rowsOf(all.rows, file);
  if (rows.length === 0) throw new RangeError(`Cannot train "${adapterName}": found no rows of "${file}", need some`);
  if (file === undefined) {
    const { name, hash } = all;
    return { place, member: { runId, adapterName, dataset: { name, hash }, settings }, settings, dataset: all };
  }
  const dataset = { name: file, hash: await hashRows(rows) };
  const own = Uint32Array.from(all.rows.flatMap((row, i) => (row.file === file ? [i] : [])));
  return {
    place,
    member: { runId, adapterName, dataset, rows: own, settings },
    settings,
    dataset: { ...dataset, rows },
  };
}

function endsOf(runIds: readonly string[], ends: readonly PromiseSettledResult<RunResult>[]): TogetherEnd[] {
  return ends.map((end, i) =>
    end.status === 'fulfilled'
      ? { runId: runIds[i]!, result: end.value }
      : { runId: runIds[i]!, problem: (end.reason as Error).message },
  );
}

/** Another tab has the only place for a run. */
class TakenError extends Error {
  override name = 'TakenError';
}

const stepOf = (checkpoint: FoundMember['checkpoint']) => checkpoint?.steps.length ?? 0;
