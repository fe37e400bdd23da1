import { beforeEach, expect, test } from 'vitest';
import { DEFAULT_SETTINGS, type RunEvent } from '../../engine/protocol.ts';
import { beginRun, failRun, finishRun, isRunning, lookAtRun, runStore, takeEvent, wholeRun } from './run-store.ts';

const step = (runId: string, n: number): RunEvent => ({
  type: 'step',
  runId,
  step: n,
  totalSteps: 10,
  loss: 3 - n / 10,
  lr: 1e-3,
  gradNorm: 0.5,
  tokens: 100,
  ms: 200,
  epoch: n / 5,
});
const state = (runId: string, now: 'running' | 'stopped' | 'paused'): RunEvent => ({
  type: 'state',
  runId,
  state: now,
  message: undefined,
});
const result = {
  runId: 'a',
  adapterId: 'x',
  steps: 2,
  finalLoss: 2.8,
  validationLoss: 2.5,
  baseValidationLoss: 3.1,
  trouble: undefined,
};

const begins = (runId: string) => ({ runId, name: runId, settings: DEFAULT_SETTINGS, totalSteps: 10, prompts: [] });

beforeEach(() => beginRun(begins('a')));

test('figures show the last step, its speed and the time left', () => {
  takeEvent(state('a', 'running'));
  takeEvent(step('a', 1));
  takeEvent(step('a', 2));
  finishRun({ runId: 'a', result });
  const { phase, figures, trainedMs } = runStore.getState();
  expect([phase, figures.step, figures.tokensPerSecond, figures.msLeft, trainedMs]).toEqual([
    'done',
    2,
    500,
    1600,
    400,
  ]);
  expect([figures.validation, figures.baseValidation]).toEqual([2.5, 3.1]);
});

test('a run that goes on shows what it had told before', () => {
  const events = [step('a', 1), { type: 'eval', runId: 'a', step: 1, loss: 2.7 }, step('a', 2)] as never;
  takeEvent({ type: 'past', runId: 'a', events });
  takeEvent(step('a', 3));
  finishRun({ runId: 'a', result });
  const { points, figures, trainedMs } = runStore.getState();
  expect([points.count, points.evals.length, figures.step, trainedMs]).toEqual([3, 1, 3, 600]);
});

test('a learning rate that was changed is shown, and so is the memory that was allocated', () => {
  takeEvent({ type: 'memory', runId: 'a', bytes: 4096 });
  takeEvent(step('a', 1));
  takeEvent({ type: 'rate', runId: 'a', step: 1, learningRate: 2e-4 });
  finishRun({ runId: 'a', result });
  const { points, figures } = runStore.getState();
  expect([figures.memoryBytes, figures.rate, figures.lr, points.rates.length]).toEqual([4096, 2e-4, 1e-3, 1]);
});

test('events of another run change nothing', () => {
  takeEvent(step('b', 1));
  takeEvent(state('b', 'stopped'));
  expect([runStore.getState().points.count, runStore.getState().phase]).toEqual([0, 'preparing']);
});

test('an event that arrives after the end changes no end', () => {
  takeEvent(state('a', 'running'));
  failRun('a', 'Cannot go on: the device is lost');
  takeEvent(state('a', 'running'));
  expect(runStore.getState()).toMatchObject({ phase: 'failed', message: 'Cannot go on: the device is lost' });
});

test('a run that was stopped is told apart from one that is done', () => {
  takeEvent(state('a', 'running'));
  takeEvent(state('a', 'stopped'));
  finishRun({ runId: 'a', result });
  expect(runStore.getState().phase).toBe('stopped');
});

test('of several adapters each has its own facts, and the run ends with the last of them', () => {
  beginRun(begins('a'), begins('b'));
  takeEvent(state('a', 'running'));
  takeEvent(state('b', 'paused'));
  takeEvent(step('a', 1));
  takeEvent(step('a', 2));
  takeEvent(step('b', 1));
  const whole = () => wholeRun(runStore.getState());
  expect(whole().phase).toBe('running');
  finishRun({ runId: 'a', result });
  expect([isRunning(), whole().phase, whole().step, whole().totalSteps]).toEqual([true, 'paused', 3, 20]);
  expect(runStore.getState()).toMatchObject({ runId: 'a', phase: 'done', figures: { step: 2 } });
  lookAtRun('b');
  expect(runStore.getState()).toMatchObject({ runId: 'b', phase: 'paused', figures: { step: 1 } });
  takeEvent(step('b', 2));
  expect(runStore.getState().points.count).toBe(2);
  failRun('b', 'Cannot go on');
  expect([isRunning(), whole().phase]).toEqual([false, 'done']);
});
