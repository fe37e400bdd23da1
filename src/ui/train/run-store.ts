// The run of this page: at most one at a time, of one adapter or up to four. Points live in `RunPoints`; here are the facts a reader
// sees, refreshed at most four times a second, however fast the steps come.
import { createStore } from 'zustand/vanilla';
import type {
  FaultEvent,
  ForgettingEvent,
  Prediction,
  RunEvent,
  RunResult,
  SampleEvent,
  StepEvent,
  TogetherEnd,
  TrainSettings,
} from '../../engine/protocol.ts';
import { engine } from '../engine.ts';
import { announce, showTrouble } from '../shell/trouble-store.ts';
import { RunPoints } from './run-points.ts';
import { words } from './words.ts';

export type Phase = 'none' | 'preparing' | 'running' | 'paused' | 'done' | 'stopped' | 'failed';

export interface Figures {
  readonly step: number;
  readonly totalSteps: number;
  readonly epoch: number;
  readonly loss: number | undefined;
  readonly validation: number | undefined;
  /** The base alone on the same rows. */
  readonly baseValidation: number | undefined;
  readonly tokensPerSecond: number | undefined;
  readonly msLeft: number | undefined;
  readonly gradNorm: number | undefined;
  /** Of the last step. */
  readonly lr: number | undefined;
  /** What the schedule is scaled by now: the setting, or what was chosen since. */
  readonly rate: number | undefined;
  /** On the GPU, the base's weights among it. */
  readonly memoryBytes: number | undefined;
  /** Average of the last steps. */
  readonly stepMs: number | undefined;
}

const NO_FIGURES: Figures = {
  step: 0,
  totalSteps: 0,
  epoch: 0,
  loss: undefined,
  validation: undefined,
  baseValidation: undefined,
  tokensPerSecond: undefined,
  msLeft: undefined,
  gradNorm: undefined,
  lr: undefined,
  rate: undefined,
  memoryBytes: undefined,
  stepMs: undefined,
};

/** What is known of one adapter of the run. */
export interface RunFacts {
  readonly phase: Phase;
  readonly runId: string | undefined;
  readonly name: string;
  readonly settings: TrainSettings | undefined;
  readonly points: RunPoints;
  readonly figures: Figures;
  readonly message: string | undefined;
  /** By autopilot, before it began. */
  readonly predicted: Prediction | undefined;
  /** The questions that are asked on the way, and what was said to them. */
  readonly prompts: readonly string[];
  readonly samples: readonly SampleEvent[];
  /** What was forgotten of the general text, where that is watched. */
  readonly forgetting: readonly ForgettingEvent[];
  /** What befell the run and was mended. */
  readonly faults: readonly FaultEvent[];
  /** Asked to stop; the current step is still being finished. */
  readonly isStopping: boolean;
  readonly result: RunResult | undefined;
  readonly trainedMs: number;
}

/** The adapter that is looked at, and all of the run, itself among them. */
interface RunState extends RunFacts {
  readonly members: readonly RunFacts[];
  /** Another tab trains it; this one shows it. */
  readonly isElsewhere: boolean;
}

const NOTHING: RunFacts = {
  phase: 'none',
  runId: undefined,
  name: '',
  settings: undefined,
  points: new RunPoints(),
  figures: NO_FIGURES,
  message: undefined,
  predicted: undefined,
  prompts: [],
  samples: [],
  forgetting: [],
  faults: [],
  isStopping: false,
  result: undefined,
  trainedMs: 0,
};

export const runStore = createStore<RunState>(() => ({ ...NOTHING, members: [], isElsewhere: false }));

export const isGoing = ({ phase }: Pick<RunFacts, 'phase'>) =>
  phase === 'preparing' || phase === 'running' || phase === 'paused';
/** True until the last of its adapters has ended. */
export const running = (s: Pick<RunState, 'members'>) => s.members.some(isGoing);
/** On this tab's GPU, so that its adapters can be asked and looked through. */
export const runningHere = (s: Pick<RunState, 'members' | 'isElsewhere'>) => running(s) && !s.isElsewhere;
export const isOver = (phase: Phase): phase is 'done' | 'stopped' | 'failed' =>
  phase === 'done' || phase === 'stopped' || phase === 'failed';
export const isRunning = () => running(runStore.getState());
export const isRunningHere = () => runningHere(runStore.getState());

/** Of the run as a whole: it is paused when all that go on are, and has failed when none has an adapter. */
export function wholePhase({ members }: Pick<RunState, 'members'>): Phase {
  const phases = members.map(({ phase }) => phase);
  const going = members.filter(isGoing).map(({ phase }) => phase);
  if (going.length > 0) return going.find((phase) => phase !== 'paused') ?? 'paused';
  return phases.find((phase) => phase === 'done') ?? phases.find((phase) => phase === 'stopped') ?? phases[0] ?? 'none';
}

/** The run as a whole, in its fewest words. */
export function wholeRun(run: Pick<RunState, 'members'>) {
  const { members } = run;
  const sum = (of: 'step' | 'totalSteps') => members.reduce((all, { figures }) => all + figures[of], 0);
  const name = members.length > 1 ? words.together.title(members.length) : (members[0]?.name ?? '');
  return { name, phase: wholePhase(run), step: sum('step'), totalSteps: sum('totalSteps') };
}

const FIGURES_EVERY_MS = 250;
let figuresSoon: ReturnType<typeof setTimeout> | undefined;

/** What figures are made of, by run. */
interface Told {
  lastStep: StepEvent | undefined;
  trainedMs: number;
  memoryBytes: number | undefined;
}
const told = new Map<string, Told>();

export type RunBeginning = Required<Pick<RunFacts, 'name' | 'settings' | 'prompts'>> & {
  readonly runId: string;
  readonly totalSteps: number;
};

/** One or several that begin at once; the first is looked at. */
export function beginRun(...beginnings: readonly RunBeginning[]): void {
  clearTimeout(figuresSoon);
  figuresSoon = undefined;
  told.clear();
  const members = beginnings.map(({ totalSteps, ...begins }): RunFacts => {
    told.set(begins.runId, { lastStep: undefined, trainedMs: 0, memoryBytes: undefined });
    return {
      ...NOTHING,
      ...begins,
      phase: 'preparing',
      points: new RunPoints(),
      figures: { ...NO_FIGURES, totalSteps },
    };
  });
  runStore.setState({ ...members[0]!, members, isElsewhere: false });
}

/** Nothing is left to show of the run of another tab. */
export function forgetRun(): void {
  clearTimeout(figuresSoon);
  figuresSoon = undefined;
  told.clear();
  runStore.setState({ ...NOTHING, points: new RunPoints(), members: [], isElsewhere: false });
}

/** Looks at another adapter of the run. */
export function lookAtRun(runId: string): void {
  const { members } = runStore.getState();
  const member = members.find((one) => one.runId === runId);
  if (member) runStore.setState(member);
}

/** What is known of a run changes, if it is one of these. */
export function changeRun(runId: string, change: (facts: RunFacts) => Partial<RunFacts>): void {
  const { members, runId: shown } = runStore.getState();
  const at = members.findIndex((one) => one.runId === runId);
  if (at === -1) return;
  const member = { ...members[at]!, ...change(members[at]!) };
  runStore.setState({ members: members.with(at, member), ...(runId === shown && member) });
}

/** Events come by another port than the run's own promise: the last ones may arrive after it, and change no end. */
export function takeEvent(event: RunEvent): void {
  const { runId } = event;
  const member = runStore.getState().members.find((one) => one.runId === runId);
  const mine = told.get(runId);
  if (!member || !mine) return;
  const { points } = member;
  if (event.type === 'past') {
    mine.lastStep = undefined;
    mine.trainedMs = 0;
    changeRun(runId, () => ({ points: new RunPoints(), forgetting: [] }));
    for (const past of event.events) takeEvent(past);
    changeRun(runId, (now) => ({ samples: now.samples.filter(({ step }) => step <= now.points.count) }));
  } else if (event.type === 'step') {
    points.addStep(event);
    mine.lastStep = event;
    mine.trainedMs += event.ms;
  } else if (event.type === 'eval') {
    points.addEval(event);
  } else if (event.type === 'forgetting') {
    changeRun(runId, ({ forgetting }) => ({
      forgetting: [...forgetting.filter(({ step }) => step < event.step), event],
    }));
  } else if (event.type === 'rate') {
    points.addRate(event);
  } else if (event.type === 'sample') {
    changeRun(runId, ({ samples }) => ({ samples: [...samples, event] }));
  } else if (event.type === 'memory') {
    mine.memoryBytes = event.bytes;
  } else if (event.type === 'fault') {
    changeRun(runId, ({ faults }) => ({ faults: [...faults, event], settings: event.settings }));
    announce(words.faults.announce(event.step));
  } else if (!isOver(member.phase)) {
    announcing(() => changeRun(runId, () => ({ phase: event.state, message: event.message })));
  }
  figuresSoon ??= setTimeout(showFigures, FIGURES_EVERY_MS);
}

/** Says what has become of the run as a whole. */
function announcing(change: () => void): void {
  const before = wholePhase(runStore.getState());
  change();
  const now = wholePhase(runStore.getState());
  if (now !== before && now !== 'none') announce(words.announce[now]);
}

export function finishRun(end: TogetherEnd): void {
  if ('problem' in end) {
    failRun(end.runId, end.problem);
    return;
  }
  const { runId, result } = end;
  announcing(() =>
    changeRun(runId, ({ phase, isStopping }) => ({
      phase: phase === 'stopped' || isStopping ? 'stopped' : 'done',
      result,
      isStopping: false,
      message: undefined,
    })),
  );
  showFigures();
}

export function failRun(runId: string, message: string): void {
  announcing(() => changeRun(runId, () => ({ phase: 'failed', message, isStopping: false })));
  showFigures();
}

function showFigures(): void {
  clearTimeout(figuresSoon);
  figuresSoon = undefined;
  for (const { runId } of runStore.getState().members) {
    const { lastStep, trainedMs, memoryBytes } = told.get(runId!)!;
    changeRun(runId!, ({ points, figures, result, settings }) => {
      const totalSteps = lastStep?.totalSteps ?? figures.totalSteps;
      const step = lastStep?.step ?? 0;
      const { msPerStep } = points;
      return {
        trainedMs,
        figures: {
          step,
          totalSteps,
          epoch: lastStep?.epoch ?? 0,
          loss: points.smooth.last,
          validation: result?.validationLoss ?? points.lastEval,
          baseValidation: result?.baseValidationLoss ?? points.baseEval,
          tokensPerSecond: points.tokensPerSecond,
          msLeft: msPerStep === undefined ? undefined : msPerStep * (totalSteps - step),
          gradNorm: lastStep?.gradNorm,
          lr: lastStep?.lr,
          rate: points.rates.at(-1)?.learningRate ?? settings?.learningRate,
          memoryBytes,
          stepMs: msPerStep,
        },
      };
    });
  }
}

/** All of the run: paused if any of it goes on, resumed if none does. */
export async function pauseOrResume(): Promise<void> {
  const { members } = runStore.getState();
  const pausing = members.filter(({ phase, isStopping }) => phase === 'running' && !isStopping);
  const resuming = members.filter(({ phase }) => phase === 'paused');
  try {
    if (pausing.length > 0) await Promise.all(pausing.map(({ runId }) => engine().run.pauseRun(runId!)));
    else await Promise.all(resuming.map(({ runId }) => engine().run.resumeRun(runId!)));
  } catch (error) {
    showTrouble(error);
  }
}

export async function changeRate(learningRate: number): Promise<void> {
  const { runId, phase } = runStore.getState();
  if (!runId || !isGoing({ phase })) return;
  try {
    await engine().run.changeRate(runId, learningRate);
    announce(words.rate.changed(String(learningRate)));
  } catch (error) {
    showTrouble(error);
  }
}

/** All of the run, or one of its adapters. */
export async function stopAndKeep(only?: string): Promise<void> {
  const { members } = runStore.getState();
  for (const member of members) {
    const runId = member.runId!;
    if (!isGoing(member) || (only !== undefined && only !== runId)) continue;
    changeRun(runId, () => ({ isStopping: true }));
    try {
      await engine().run.stopRun(runId);
    } catch (error) {
      changeRun(runId, () => ({ isStopping: false }));
      showTrouble(error);
    }
  }
}
