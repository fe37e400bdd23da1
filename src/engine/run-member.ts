// One adapter of a run, which may train several: its events, its record, and how it ends up in the library.

import type { Adapter } from '../lora/adapter.ts';
import type { FlatAdapter } from '../lora/flat-adapter.ts';
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
  const { session, control, recorder, member, settings, dataset, turn } = run;
  const { runId, adapterName } = member;
  const tell = (event: RunEvent) => {
    recorder.take(event);
    run.onEvent(event);
  };
  const between = betweenSteps({
    session,
    runId,
    name: adapterName,
    totalSteps: totalSteps(splitRows(dataset.rows, settings).train.length, settings),
    samples: run.samples,
    recorder,
    tell,
    onProblem: control.warn,
  });
  let { problem } = run;
  const isKept = problem === undefined;
  const goOnAfter = (fault: Omit<FaultEvent, 'type' | 'runId'>, past: readonly TrainEvent[]) => {
    tell({ type: 'past', runId, events: past.map((event) => ({ ...event, runId })) });
    tell({ type: 'fault', runId, ...fault });
  };
  let isInside = false;
  const leave = () => {
    if (isInside) turn.leave();
    isInside = false;
  };
  const enter = async () => {
    await turn.enter();
    isInside = true;
  };
  const hooks: TrainHooks = {
    onEvent: (event: TrainEvent) => {
      control.set('running', problem);
      tell({ ...event, runId });
    },
    onProgress: (done: number, total: number) => control.set('preparing', `Compiling kernel ${done} of ${total}`),
    // A paused run has no turn on the GPU, and whoever waits for one goes first.
    async beforeStep() {
      if (!control.isPaused && !turn.isWanted) return;
      leave();
      await control.waitWhilePaused();
      await enter();
    },
    onWentBack: (step: number, message: string, past: readonly TrainEvent[]) =>
      goOnAfter({ cause: 'numbers', step, message, settings }, past),
    onAdapter(flat: FlatAdapter, adapter: Adapter) {
      session.training.set(runId, flat);
      between.setAdapter(adapter);
    },
    afterStep: between.afterStep,
    nextRate: () => control.takeRate(),
    onAllocated: (bytes: number) => tell({ type: 'memory', runId, bytes }),
    signal: control.signal,
  };
  const finish = async ({ adapter, outcome, probe }: Trained): Promise<RunResult> => {
    const facts = { settings, dataset, outcome };
    const record = await run.library.keep(adapterName, adapter, { made: 'trained' }, facts, probe);
    // The adapter is safe: what is left of it could only be offered once too often.
    if (isKept) await run.onKept(record.id).catch(() => {});
    const end = outcome.stopped ? 'stopped' : 'done';
    const { trouble, steps, finalLoss } = outcome;
    await recorder.end({ state: end, adapterId: record.id, trouble, steps, finalLoss });
    control.set(end);
    return {
      runId,
      adapterId: record.id,
      steps,
      finalLoss,
      validationLoss: outcome.validationAfter,
      baseValidationLoss: outcome.validationBefore,
      trouble,
    };
  };
  const enduring: EnduringMember<RunResult> = {
    rows: dataset.rows,
    settings,
    hooks,
    start: await readStart(session, member),
    keep: {
      store: isKept ? session.host.runs.checkpoints(run.place) : undefined,
      dataHash: dataset.hash,
      everySteps: CHECKPOINT_EVERY.steps,
      everySeconds: CHECKPOINT_SECONDS,
      resumeFrom: run.resumeFrom,
      onSaved(step: number, found: string | undefined) {
        if (isKept) problem = found && `The run cannot be kept at step ${step}: ${found}`;
      },
    },
    onFault({ message, checkpoint, settings: next }: RunFault) {
      const step = checkpoint?.steps.length ?? 0;
      const past = checkpoint === undefined ? [] : pastEvents(checkpoint, dataset.rows);
      goOnAfter({ cause: 'gpu', step, message, settings: next }, past);
      control.set('preparing', 'Asking for the GPU again');
    },
    begin: enter,
    pause() {
      leave();
      session.training.delete(runId);
    },
    finish,
  };
  return {
    enduring,
    async fail(error) {
      await recorder.end({ state: 'failed', trouble: error.message });
      control.set('failed', error.message);
    },
  };
}
