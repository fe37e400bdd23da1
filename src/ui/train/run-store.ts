// The run of this page: at most one at a time. Its points live in `RunPoints`; here are the facts a reader sees,
// refreshed at most four times a second, however fast the steps come.
import { createStore } from 'zustand/vanilla';
import {
  DEFAULT_SETTINGS,
  type FaultEvent,
  type ForgettingEvent,
  type Prediction,
  type RunEvent,
  type RunResult,
  type SampleEvent,
  type StepEvent,
  type TrainSettings,
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

export const NO_FIGURES: Figures = {
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

interface RunState {
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
  /** Another tab trains it; this one shows it. */
  readonly isElsewhere: boolean;
  /** Asked to stop; the current step is still being finished. */
  readonly isStopping: boolean;
  readonly result: RunResult | undefined;
  readonly trainedMs: number;
}

export const runStore = createStore<RunState>(() => ({
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
  isElsewhere: false,
  isStopping: false,
  result: undefined,
  trainedMs: 0,
}));

export const running = (s: RunState) => s.phase === 'preparing' || s.phase === 'running' || s.phase === 'paused';
/** On this tab's GPU, so that its adapter can be asked and looked through. */
export const runningHere = (s: RunState) => running(s) && !s.isElsewhere;
const isOver = (phase: Phase) => phase === 'done' || phase === 'stopped' || phase === 'failed';
export const isRunning = () => running(runStore.getState());
export const isRunningHere = () => runningHere(runStore.getState());

const FIGURES_EVERY_MS = 250;
let figuresSoon: ReturnType<typeof setTimeout> | undefined;
let lastStep: StepEvent | undefined;
let trainedMs = 0;
let memoryBytes: number | undefined;

export function beginRun(
  runId: string,
  name: string,
  settings: TrainSettings,
  totalSteps: number,
  prompts: readonly string[] = [],
): void {
  clearTimeout(figuresSoon);
  figuresSoon = undefined;
  lastStep = undefined;
  trainedMs = 0;
  memoryBytes = undefined;
  runStore.setState({
    phase: 'preparing',
    runId,
    name,
    settings,
    points: new RunPoints(),
    figures: { ...NO_FIGURES, totalSteps },
    message: undefined,
    predicted: undefined,
    prompts,
    samples: [],
    forgetting: [],
    faults: [],
    isElsewhere: false,
    isStopping: false,
    result: undefined,
    trainedMs: 0,
  });
}

/** Nothing is left to show of the run of another tab. */
export function forgetRun(): void {
  beginRun('', '', DEFAULT_SETTINGS, 0);
  runStore.setState({ phase: 'none', runId: undefined, settings: undefined });
}

/** Events come by another port than the run's own promise: the last ones may arrive after it, and change no end. */
export function takeEvent(event: RunEvent): void {
  const { runId, phase } = runStore.getState();
  if (event.runId !== runId) return;
  if (event.type === 'past') {
    restartPoints();
    for (const past of event.events) takeEvent(past);
    runStore.setState(({ samples, points }) => ({ samples: samples.filter(({ step }) => step <= points.count) }));
  } else if (event.type === 'step') {
    runStore.getState().points.addStep(event);
    lastStep = event;
    trainedMs += event.ms;
  } else if (event.type === 'eval') {
    runStore.getState().points.addEval(event);
  } else if (event.type === 'forgetting') {
    runStore.setState(({ forgetting }) => ({
      forgetting: [...forgetting.filter(({ step }) => step < event.step), event],
    }));
  } else if (event.type === 'rate') {
    runStore.getState().points.addRate(event);
  } else if (event.type === 'sample') {
    runStore.setState(({ samples }) => ({ samples: [...samples, event] }));
  } else if (event.type === 'memory') {
    memoryBytes = event.bytes;
  } else if (event.type === 'fault') {
    runStore.setState(({ faults }) => ({ faults: [...faults, event], settings: event.settings }));
    announce(words.faults.announce(event.step));
  } else if (!isOver(phase)) {
    runStore.setState({ phase: event.state, message: event.message });
    announce(words.announce[event.state]);
  }
  figuresSoon ??= setTimeout(showFigures, FIGURES_EVERY_MS);
}

/** The curve begins anew: what is told next is all that still holds. */
function restartPoints(): void {
  lastStep = undefined;
  trainedMs = 0;
  runStore.setState({ points: new RunPoints() });
}

export function finishRun(result: RunResult): void {
  const { phase, isStopping } = runStore.getState();
  const end = phase === 'stopped' || isStopping ? 'stopped' : 'done';
  if (!isOver(phase)) announce(words.announce[end]);
  runStore.setState({ phase: end, result, isStopping: false, message: undefined });
  showFigures();
}

export function failRun(message: string): void {
  if (runStore.getState().phase !== 'failed') announce(words.announce.failed);
  runStore.setState({ phase: 'failed', message, isStopping: false });
  showFigures();
}

function showFigures(): void {
  clearTimeout(figuresSoon);
  figuresSoon = undefined;
  const { points, figures, result, settings } = runStore.getState();
  const totalSteps = lastStep?.totalSteps ?? figures.totalSteps;
  const step = lastStep?.step ?? 0;
  const { msPerStep } = points;
  runStore.setState({
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
  });
}

export async function pauseOrResume(): Promise<void> {
  const { runId, phase, isStopping } = runStore.getState();
  if (!runId || isStopping) return;
  try {
    if (phase === 'running') await engine().run.pauseRun(runId);
    if (phase === 'paused') await engine().run.resumeRun(runId);
  } catch (error) {
    showTrouble(error);
  }
}

export async function changeRate(learningRate: number): Promise<void> {
  const { runId } = runStore.getState();
  if (!runId || !isRunning()) return;
  try {
    await engine().run.changeRate(runId, learningRate);
    announce(words.rate.changed(String(learningRate)));
  } catch (error) {
    showTrouble(error);
  }
}

export async function stopAndKeep(): Promise<void> {
  const { runId } = runStore.getState();
  if (!runId || !isRunning()) return;
  runStore.setState({ isStopping: true });
  try {
    await engine().run.stopRun(runId);
  } catch (error) {
    runStore.setState({ isStopping: false });
    showTrouble(error);
  }
}
