// From what a user asks to a run that only has to be trained: its rows, what each adapter starts from, and settings that are
// settled before anything is compiled.

import type { Dataset } from '../data/load-dataset.ts';
import type { TokenRow } from '../data/types.ts';
import type { TrainSettings } from '../train/recipe.ts';
import type { DataService } from './data-service.ts';
import { type FoundFork, findFork } from './find-fork.ts';
import type { KeptMember, KeptRun } from './kept-run.ts';
import type { RunStart, TogetherAsk, TrainOptions } from './protocol.ts';
import { type ReadyMember, readyMember, rowsOf } from './ready-member.ts';
import type { RunControl } from './run-control.ts';
import { type PlannedMember, settleMembers } from './run-plan.ts';
import { findStart, withStart } from './run-start.ts';
import type { Session } from './session.ts';
import { startFromRows } from './start-from-rows.ts';
import { newShape } from './train-adapter.ts';

export interface PreparedRun {
  /** What the storage keeps of it. */
  readonly run: KeptRun;
  readonly rows: readonly TokenRow[];
  readonly ready: readonly ReadyMember[];
}

export class RunPreparation {
  constructor(
    private readonly session: Session,
    private readonly datasets: DataService,
  ) {}

  /** One adapter on all rows, where asked from what an earlier run has left. */
  async one(
    { runId, adapterName, settings }: Omit<TogetherAsk, 'file'>,
    { from, samples, budgetBytes }: TrainOptions,
    control: RunControl,
  ): Promise<PreparedRun> {
    control.set('preparing', 'Reading the rows');
    const dataset = await this.datasets.rowsFor(settings);
    const { rows } = dataset;
    const known = await this.known(dataset);
    const earlier = from && (await this.begins(from, settings, { ...known, rows }));
    const { asked = settings } = earlier ?? {};
    const start = earlier ? earlier.start : await this.startFromRows(rows, asked, control);
    const model = this.session.needModel();
    const shape = start?.adapter ?? newShape(model, asked);
    const [settled] = settleMembers(model, [{ settings: asked, shape, rows }], budgetBytes);
    const own = {
      place: 0,
      member: { runId, adapterName, dataset: known, start: start?.files },
      settings: settled!.settings,
    };
    const checkpoint = earlier?.checkpoint && { ...earlier.checkpoint, settings: own.settings };
    const ready: ReadyMember = {
      ...own,
      from: from && earlier && { ...from, name: earlier.name },
      dataset: { ...known, rows },
      ...(checkpoint && { found: { ...own, checkpoint } }),
    };
    return { run: { ...own.member, ...this.shared(samples) }, rows, ready: [ready] };
  }

  /** Fresh adapters, each on all rows or those of one file. */
  async several(
    asked: readonly TogetherAsk[],
    { samples, budgetBytes }: Pick<TrainOptions, 'samples' | 'budgetBytes'>,
    controls: readonly RunControl[],
  ): Promise<PreparedRun> {
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
    return { run: { ...first!, ...this.shared(samples), others }, rows, ready };
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
