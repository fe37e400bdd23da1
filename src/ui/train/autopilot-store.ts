// Autopilot: what the engine has measured on this GPU, what it predicts for the settings at hand, and what it proposes.
import { createStore } from 'zustand/vanilla';
import type { Advice, Prediction, TrainSettings } from '../../engine/protocol.ts';
import { engine, sentence } from '../engine.ts';
import { announce } from '../shell/trouble-store.ts';
import { budgetStore } from './budget-store.ts';
import { differences } from './describe-settings.ts';
import { planStore } from './plan-store.ts';
import { isRunning } from './run-store.ts';
import { changeSettings, settingsStore } from './settings-store.ts';
import { words } from './words.ts';

interface AutopilotState {
  readonly status: 'idle' | 'measuring' | 'ready' | 'failed';
  readonly advice: Advice | undefined;
  /** The settings that the advice is about. */
  readonly about: TrainSettings | undefined;
  readonly problem: string | undefined;
}

export const autopilotStore = createStore<AutopilotState>(() => ({
  status: 'idle',
  advice: undefined,
  about: undefined,
  problem: undefined,
}));

export async function askAutopilot(): Promise<void> {
  if (isRunning() || autopilotStore.getState().status === 'measuring') return;
  autopilotStore.setState({ status: 'measuring', problem: undefined });
  try {
    const { budgetBytes } = budgetStore.getState();
    const about = settingsStore.getState().settings;
    const advice = await engine().run.adviseRun(about, budgetBytes);
    autopilotStore.setState({ status: 'ready', advice, about });
    announce(words.autopilot.ready);
  } catch (error) {
    autopilotStore.setState({ status: 'failed', advice: undefined, problem: sentence(error) });
  }
}

export function takeProposal(): void {
  const { advice } = autopilotStore.getState();
  if (!advice || isRunning()) return;
  const { rank, alpha, seqLen, batchSize, gradAccum, checkpointing = 'none' } = advice.proposal.settings;
  const { from } = settingsStore.getState();
  changeSettings({ ...(from ? {} : { rank, alpha }), seqLen, batchSize, gradAccum, checkpointing });
  announce(words.autopilot.taken);
}

/** What a step's time and memory do not depend on: how many steps there are, and by which numbers they go. */
const OF_NO_WEIGHT: readonly (keyof TrainSettings)[] = [
  'alpha',
  'steps',
  'epochs',
  'learningRate',
  'schedule',
  'warmupSteps',
  'weightDecay',
  'clip',
  'seed',
  'shuffle',
  'evalEvery',
  'badNumbers',
];

/** What was predicted for a step of a run that starts now; undefined when nothing was, or for settings that cost otherwise. */
export function predictionNow(): Prediction | undefined {
  const { advice, about } = autopilotStore.getState();
  const isOther =
    about && differences([about, settingsStore.getState().settings]).some((k) => !OF_NO_WEIGHT.includes(k));
  return isOther === false ? advice?.now : undefined;
}

/** Once measured, every new plan is predicted as well; another base is measured when someone asks. */
export function followAutopilot(): void {
  let soon: ReturnType<typeof setTimeout> | undefined;
  planStore.subscribe((now, before) => {
    if (now.plan === before.plan) return;
    if (now.plan === undefined)
      return autopilotStore.setState({ status: 'idle', advice: undefined, problem: undefined });
    if (autopilotStore.getState().status !== 'ready') return;
    clearTimeout(soon);
    soon = setTimeout(() => void askAutopilot(), 300);
  });
}
