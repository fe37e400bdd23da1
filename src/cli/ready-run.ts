// One adapter of graft train, alone or among several: what is made ready before its first step, and what its run is told.

import {
  type Adapter,
  type Checkpoint,
  type EnduringMember,
  isSameDevice,
  type LoadedRows,
  loadRows,
  newShape,
  pastEvents,
  type RunFolder,
  rowsStartIn,
  settleForRows,
  splitRows,
  type TrainEvent,
  type TrainSettings,
} from '../engine/node.ts';
import type { LiveModel } from './live-model.ts';
import { sayProblems } from './train-log.ts';
import { checkBudget, readCheckpointEvery } from './train-settings.ts';
import type { Parsed } from './usage.ts';

/** What the notices of unusable rows may fill of a terminal. */
const MOST_NOTICES = 10;

export interface AskedRun {
  readonly files: readonly string[];
  readonly settings: TrainSettings;
  readonly folder: RunFolder;
  /** The adapter of --init-adapter. */
  readonly given?: Adapter | undefined;
  say(line: string): void;
}

export interface ReadyRun extends AskedRun {
  /** With a level of checkpointing in place of `auto`. */
  readonly settings: TrainSettings;
  readonly data: LoadedRows;
  readonly start: Adapter | undefined;
  /** Of a start that was found in the rows, for `folder.begin`. */
  readonly startFiles: ReadonlyMap<string, Uint8Array> | undefined;
  /** Of the run, the base among it; and of what is the adapter's own. */
  readonly totalBytes: number;
  readonly adapterBytes: number;
}

/** Reads the rows, finds what to start from, and settles the settings within `budgetBytes`; says what it finds. */
export async function readyRun(
  flags: Parsed,
  { model }: LiveModel,
  asked: AskedRun,
  { signal, budgetBytes }: { readonly signal: AbortSignal; readonly budgetBytes: number },
): Promise<ReadyRun> {
  const { files, settings: wanted, folder, given, say } = asked;
  const completionOnly = !flags.has('train-on-prompts');
  const data = await loadRows(model, files, { maxTokens: wanted.seqLen, completionOnly });
  for (const notice of data.notices.slice(0, MOST_NOTICES)) say(`${notice.file}:${notice.line}: ${notice.reason}`);
  if (data.notices.length > MOST_NOTICES) say(`… and ${data.notices.length - MOST_NOTICES} more notices`);
  say(`${data.rows.length} rows, ${data.supervisedTokens} supervised tokens`);
  const unasked = whyNoValidation(data.rows, wanted);
  if (unasked !== undefined) say(unasked);
  const own = given ? undefined : await rowsStartIn(folder, model, data.rows, wanted, { signal, say });
  const start = given ?? own?.adapter;
  const settled = settleForRows(model, data.rows, wanted, start ?? newShape(model, wanted), budgetBytes);
  checkBudget(flags, settled, budgetBytes);
  return { ...asked, ...settled, data, start, startFiles: own?.files };
}

/** Why a run whose settings ask for a validation loss will tell none; undefined where it will, or is not asked to. */
function whyNoValidation(rows: LoadedRows['rows'], settings: TrainSettings): string | undefined {
  const { validationSplit, evalEvery } = settings;
  if (validationSplit === 0)
    return evalEvery === 0
      ? undefined
      : `no validation loss: found evalEvery ${evalEvery} with no row held back, need validationSplit above 0`;
  if (splitRows(rows, settings).validation.length > 0) return undefined;
  return `no validation loss: found ${rows.length === 1 ? 'one row' : `${rows.length} rows that repeat each other`}, need two that differ to hold one back`;
}

/** The steps of a checkpoint, as if they happened now. */
export function pastOf({ folder, data }: ReadyRun, checkpoint: Checkpoint | undefined = folder.checkpoint) {
  return checkpoint ? pastEvents(checkpoint, data.rows) : [];
}

/** Where a run goes on; undefined at its beginning. */
export function describeResume({ checkpoint }: RunFolder, { device }: LiveModel): string | undefined {
  if (checkpoint === undefined) return undefined;
  const { steps, totalSteps, identity } = checkpoint;
  const where = isSameDevice(checkpoint, device)
    ? 'on the same device: bit for bit as if it had not been interrupted'
    : `on another device or driver than before (${identity.deviceName}): equal within rounding, not to the bit`;
  return `going on after step ${steps.length} of ${totalSteps}, ${where}`;
}

/** What is told while the run goes on. */
export interface RunListeners {
  readonly signal: AbortSignal;
  onEvent(event: TrainEvent): void;
  /** The run goes back: these steps are all that is left of it. */
  onBack?(past: readonly TrainEvent[]): void;
}

/** The run as the engine takes it, but for what becomes of its adapter. */
export function enduringRun(
  flags: Parsed,
  run: ReadyRun,
  { signal, onEvent, onBack }: RunListeners,
): Omit<EnduringMember<unknown>, 'finish'> {
  const { data, settings, start, folder, say } = run;
  return {
    rows: data.rows,
    settings,
    start,
    hooks: {
      signal,
      onEvent,
      onWentBack(step, message, past) {
        onBack?.(past);
        say(`${message}; the run goes on after step ${step} with half the learning rate`);
      },
    },
    keep: {
      store: folder.store,
      dataHash: data.dataset.hash,
      ...readCheckpointEvery(flags),
      resumeFrom: folder.checkpoint,
      keepWhenStopped: true,
      onSaved: sayProblems(say),
    },
    onFault({ message, checkpoint }) {
      onBack?.(pastOf(run, checkpoint));
      const step = checkpoint?.steps.length ?? 0;
      say(`${message}; the GPU is asked for again and the run goes on after step ${step}`);
    },
  };
}
