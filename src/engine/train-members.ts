// The adapters of a run from their rows to the library: the run takes the only place there is for one, is written down while it
// goes, and is forgotten when all of its adapters are safe.

import { packRows } from '../data/pack-rows.ts';
import type { TokenRow } from '../data/types.ts';
import { MOST_TOGETHER } from '../train/apply-recipe.ts';
import { latestCheckpoint } from '../train/checkpoint.ts';
import { pastEvents } from '../train/train-events.ts';
import type { BaseService } from './base-service.ts';
import { type KeptRun, membersOf, withMember } from './kept-run.ts';
import type { LibraryService } from './library-service.ts';
import type { AnnouncedRun } from './other-tabs.ts';
import type { PreparedRun } from './prepare-run.ts';
import type { RunEvent, RunResult, TogetherEnd } from './protocol.ts';
import { newRecord, type ReadyMember } from './ready-member.ts';
import type { RunControl } from './run-control.ts';
import { type MemberOfRun, runMember } from './run-member.ts';
import { RunRecorder } from './run-recorder.ts';
import type { Session } from './session.ts';
import { SharedTurn } from './shared-turn.ts';
import { trainThroughFaults, trainTogetherThroughFaults } from './train-through-faults.ts';

type Ends = PromiseSettledResult<RunResult>[];

/** Another tab has the only place for a run. */
export class TakenError extends Error {
  override name = 'TakenError';
}

export class MemberTrainer {
  constructor(
    private readonly session: Session,
    private readonly base: BaseService,
    private readonly library: LibraryService,
  ) {}

  /** Takes the place of the run that goes on, writes down what it is, and trains; kept or not, it goes. */
  async begin({ run, rows, ready }: PreparedRun, controls: readonly RunControl[], told: AnnouncedRun): Promise<Ends> {
    const release = await this.beginKeeping(run, rows).catch((error: Error) => {
      if (error instanceof TakenError) throw error;
      return error;
    });
    told.begin();
    const problem =
      typeof release === 'function' ? undefined : `This run is not kept while it goes: ${release.message}`;
    try {
      return await this.train(run, ready, controls, told.tell, problem);
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
  async train(
    run: KeptRun,
    ready: readonly ReadyMember[],
    controls: readonly RunControl[],
    onEvent: (event: RunEvent) => void,
    problem?: string,
  ): Promise<Ends> {
    const { session, library } = this;
    const { runs, archive } = session.host;
    let kept = run;
    const turn = new SharedTurn(session.turns);
    const prepare = async (one: ReadyMember, control: RunControl) => {
      const { place, member, settings, dataset, found } = one;
      const { runId } = member;
      const record = newRecord(session, run, one);
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
}

/** What a page hears of how they ended. */
export function endsOf(runIds: readonly string[], ends: readonly PromiseSettledResult<RunResult>[]): TogetherEnd[] {
  return ends.map((end, i) =>
    end.status === 'fulfilled'
      ? { runId: runIds[i]!, result: end.value }
      : { runId: runIds[i]!, problem: (end.reason as Error).message },
  );
}
