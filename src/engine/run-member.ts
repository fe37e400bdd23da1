// One adapter of a run, which may train several: its events, its record, and how it ends up in the library.

import type { Checkpoint } from '../train/checkpoint.ts';
import { type TrainSettings, totalSteps } from '../train/recipe.ts';
import { CHECKPOINT_EVERY } from '../train/run-journal.ts';
import { splitRows } from '../train/split-rows.ts';
import { pastEvents, type TrainEvent } from '../train/train-events.ts';
import { betweenSteps } from './between-steps.ts';
import type { RunFacts } from './card-facts.ts';
import type { KeptMember } from './kept-run.ts';
import type { LibraryService } from './library-service.ts';
import type { FaultEvent, RunEvent, RunResult, SampleOptions } from './protocol.ts';
import type { RunControl } from './run-control.ts';
import type { RunRecorder } from './run-recorder.ts';
import { readStart } from './run-start.ts';
import type { Session } from './session.ts';
import type { SharedTurn } from './shared-turn.ts';
import type { Trained, TrainHooks } from './train-adapter.ts';
import type { EnduringMember, RunFault } from './train-through-faults.ts';

/** A tab is closed more lightly than a terminal. */
const CHECKPOINT_SECONDS = 10;

export interface MemberOfRun {
  readonly session: Session;
  readonly library: LibraryService;
  readonly turn: SharedTurn;
  readonly control: RunControl;
  readonly recorder: RunRecorder;
  /** Among the adapters of the run. */
  readonly place: number;
  readonly member: KeptMember;
  readonly settings: TrainSettings;
  readonly dataset: RunFacts['dataset'];
  readonly samples: SampleOptions | undefined;
  readonly resumeFrom?: Checkpoint | undefined;
  /** Why no checkpoints of it are kept. */
  readonly problem?: string | undefined;
  onEvent(event: RunEvent): void;
  /** Its adapter is in the library, while others may go on. */
  onKept(adapterId: string): Promise<void>;
}

/** What trains it, and what is done when that has failed for good. Reads the adapter that it starts from. */
export async function runMember(run: MemberOfRun): Promise<{
  readonly enduring: EnduringMember<RunResult>;
  fail(error: Error): Promise<void>;
}> {
  const { session, control, recorder, member, settings, dataset } = run;
  const { runId } = member;
  const tell = (event: RunEvent) => {
    recorder.take(event);
    run.onEvent(event);
  };
  const goOnAfter = (fault: Omit<FaultEvent, 'type' | 'runId'>, past: readonly TrainEvent[]) => {
    tell({ type: 'past', runId, events: past.map((event) => ({ ...event, runId })) });
    tell({ type: 'fault', runId, ...fault });
  };
  const turn = heldTurn(run.turn);
  const keeping = keepingOf(run);
  const enduring: EnduringMember<RunResult> = {
    rows: dataset.rows,
    settings,
    hooks: hooksOf(run, { tell, goOnAfter, turn, problem: keeping.problem }),
    start: await readStart(session, member),
    keep: keeping.options,
    onFault({ message, checkpoint, settings: next }: RunFault) {
      const step = checkpoint?.steps.length ?? 0;
      const past = checkpoint === undefined ? [] : pastEvents(checkpoint, dataset.rows);
      goOnAfter({ cause: 'gpu', step, message, settings: next }, past);
      control.set('preparing', 'Asking for the GPU again');
    },
    begin: turn.enter,
    pause() {
      turn.leave();
      session.training.delete(runId);
    },
    finish: (trained) => finish(run, trained),
  };
  return {
    enduring,
    async fail(error) {
      await recorder.end({ state: 'failed', trouble: error.message });
      control.set('failed', error.message);
    },
  };
}

/** Its place in the turn of the run: entered and left as often as asked, held at most once. */
function heldTurn(turn: SharedTurn) {
  let isInside = false;
  return {
    async enter(): Promise<void> {
      await turn.enter();
      isInside = true;
    },
    leave(): void {
      if (isInside) turn.leave();
      isInside = false;
    },
  };
}

/** How its checkpoints are kept, and why they are not at the moment. */
function keepingOf({ session, dataset, place, resumeFrom, ...run }: MemberOfRun) {
  let { problem } = run;
  const isKept = problem === undefined;
  const options: EnduringMember<RunResult>['keep'] = {
    store: isKept ? session.host.runs.checkpoints(place) : undefined,
    dataHash: dataset.hash,
    everySteps: CHECKPOINT_EVERY.steps,
    everySeconds: CHECKPOINT_SECONDS,
    resumeFrom,
    onSaved(step, found) {
      if (isKept) problem = found && `The run cannot be kept at step ${step}: ${found}`;
    },
  };
  return { options, problem: () => problem };
}

/** What happens around its steps. */
function hooksOf(
  { session, control, recorder, member, settings, dataset, samples, turn: all }: MemberOfRun,
  of: {
    tell(event: RunEvent): void;
    goOnAfter(fault: Omit<FaultEvent, 'type' | 'runId'>, past: readonly TrainEvent[]): void;
    readonly turn: ReturnType<typeof heldTurn>;
    problem(): string | undefined;
  },
): TrainHooks {
  const { runId, adapterName } = member;
  const { tell, turn } = of;
  const between = betweenSteps({
    session,
    runId,
    name: adapterName,
    totalSteps: totalSteps(splitRows(dataset.rows, settings).train.length, settings),
    samples,
    recorder,
    tell,
    onProblem: control.warn,
  });
  return {
    onEvent(event) {
      control.set('running', of.problem());
      tell({ ...event, runId });
    },
    onProgress: (done, total) => control.set('preparing', `Compiling kernel ${done} of ${total}`),
    // A paused run has no turn on the GPU, and whoever waits for one goes first.
    async beforeStep() {
      if (!control.isPaused && !all.isWanted) return;
      turn.leave();
      await control.waitWhilePaused();
      await turn.enter();
    },
    onWentBack: (step, message, past) => of.goOnAfter({ cause: 'numbers', step, message, settings }, past),
    onAdapter(flat, adapter) {
      session.training.set(runId, flat);
      between.setAdapter(adapter);
    },
    afterStep: between.afterStep,
    nextRate: () => control.takeRate(),
    onAllocated: (bytes) => tell({ type: 'memory', runId, bytes }),
    signal: control.signal,
  };
}

/** Puts its adapter into the library and ends its record. */
async function finish(run: MemberOfRun, { adapter, outcome, probe }: Trained): Promise<RunResult> {
  const { member, settings, dataset, control, recorder } = run;
  const facts = { settings, dataset, outcome };
  const record = await run.library.keep(member.adapterName, adapter, { made: 'trained' }, facts, probe);
  // The adapter is safe: what is left of it could only be offered once too often.
  if (run.problem === undefined) await run.onKept(record.id).catch(() => {});
  const end = outcome.stopped ? 'stopped' : 'done';
  const { trouble, steps, finalLoss } = outcome;
  await recorder.end({ state: end, adapterId: record.id, trouble, steps, finalLoss });
  control.set(end);
  return {
    runId: member.runId,
    adapterId: record.id,
    steps,
    finalLoss,
    validationLoss: outcome.validationAfter,
    baseValidationLoss: outcome.validationBefore,
    trouble,
  };
}
