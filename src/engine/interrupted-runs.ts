// A run that a closed tab, a crash or a lost GPU has ended: what is left of it, and how it goes on, is kept or is thrown away.

import { totalSteps } from '../train/recipe.ts';
import { splitRows } from '../train/split-rows.ts';
import { pastEvents } from '../train/train-events.ts';
import { type FoundMember, findInterrupted, ownRows, readKeptRows } from './kept-run.ts';
import type { LibraryService } from './library-service.ts';
import type { LiveRuns } from './live-runs.ts';
import type { AdapterRecord, InterruptedRun, RunEvent, TogetherEnd } from './protocol.ts';
import { newRecord, type ReadyMember } from './ready-member.ts';
import { RunRecorder } from './run-recorder.ts';
import { readStart } from './run-start.ts';
import type { Session } from './session.ts';
import { adapterOf, isSameDevice } from './train-adapter.ts';
import { endsOf, type MemberTrainer, TakenError } from './train-members.ts';

export class InterruptedRuns {
  constructor(
    private readonly session: Session,
    private readonly library: LibraryService,
    private readonly live: LiveRuns,
    private readonly trainer: MemberTrainer,
  ) {}

  async tell(): Promise<InterruptedRun | undefined> {
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

  async resume(onEvent: (event: RunEvent) => void): Promise<readonly TogetherEnd[]> {
    this.session.refuseDuringRun('go on with another run');
    this.session.needModel();
    const { run, members } = await this.needInterrupted();
    const left = members.filter(({ member }) => member.adapterId === undefined);
    const ids = left.map(({ member }) => member.runId);
    const abouts = left.map(({ member: { runId, adapterName }, settings }) => ({ runId, adapterName, settings }));
    const about = { ...abouts[0]!, samples: run.samples, others: abouts.slice(1) };
    return this.live.follow(about, onEvent, async (controls, told) => {
      for (const control of controls) control.set('preparing', 'Reading the rows');
      const { runs } = this.session.host;
      const release = await runs.claim();
      if (release === undefined) throw new TakenError('Cannot go on: the run goes on in another tab');
      told.begin();
      try {
        const all = await readKeptRows(runs, run);
        const ready: ReadyMember[] = [];
        for (const found of left) {
          const { place, member, settings } = found;
          ready.push({ place, member, settings, dataset: await ownRows(all, member), found });
        }
        const ends = await this.trainer.train(run, ready, controls, told.tell);
        // One that nobody waits beside fails as it always has.
        if (ends.length === 1 && ends[0]!.status === 'rejected') throw ends[0]!.reason;
        return endsOf(ids, ends);
      } finally {
        release();
      }
    });
  }

  async keep(): Promise<readonly AdapterRecord[]> {
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
      const fallback = newRecord(this.session, run, { member, settings, dataset });
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

  async discard(): Promise<void> {
    // Never that of a run that goes on.
    if ((await this.session.host.runs.interrupted()) !== undefined) await this.session.host.runs.clear();
  }

  private async needInterrupted() {
    const found = await findInterrupted(this.session.host.runs);
    if (found === undefined) throw new Error('Cannot go on: found no interrupted run, need one');
    return found;
  }
}

const stepOf = (checkpoint: FoundMember['checkpoint']) => checkpoint?.steps.length ?? 0;
