import { expect, it } from 'vitest';
import type { StepEvent } from './protocol.ts';
import { newRecord } from './ready-member.ts';
import { RunRecorder } from './run-recorder.ts';
import { stateOf } from './run-start.ts';
import type { Session } from './session.ts';
import { memoryArchive } from './testing/memory-archive.ts';
import { SETTINGS } from './testing/memory-host.ts';

const { epochs: _, ...rest } = SETTINGS;
const settings = { ...rest, steps: 10 };
const dataset = { name: 'rows.jsonl', hash: '', prompting: undefined };
const session = {
  modelReport: { id: 'tiny', name: 'tiny', hash: '', quant: 'q8' },
  needDevice: () => ({ name: 'a device' }),
} as unknown as Session;
const member = { runId: 'a', adapterName: 'A', dataset };
const ready = { member, settings, dataset: { ...dataset, rows: [] } };
const RECORD = newRecord(session, { ...member, baseName: 'tiny' }, ready);

const stepsTo = (last: number): StepEvent[] =>
  Array.from({ length: last }, (_, i) => ({
    ...{ type: 'step', runId: 'a', step: i + 1, totalSteps: 10, loss: 10 - i, lr: 1, gradNorm: 1 },
    ...{ tokens: 1, supervised: 1, ms: 1, epoch: 0 },
  }));

function recorded() {
  const archive = memoryArchive();
  const problems: string[] = [];
  const recorder = new RunRecorder(archive, RECORD, (problem) => problems.push(problem));
  const trainTo = (last: number, from = 0) => {
    for (const event of stepsTo(last).slice(from)) recorder.take(event);
  };
  const goBackTo = (step: number) => recorder.take({ type: 'past', runId: 'a', events: stepsTo(step) });
  const written = async () => ({ ...(await archive.record('a'))!, curves: (await archive.curves('a'))!, problems });
  const start = (step: number) =>
    stateOf({ host: { archive } } as unknown as Session, { kind: 'state', runId: 'a', step });
  return { recorder, trainTo, goBackTo, written, start };
}

const files = new Map([['adapter_config.json', new Uint8Array(2)]]);

it('a rollback strikes out the states, steps and answers beyond it', async () => {
  const { recorder, trainTo, goBackTo, written, start } = recorded();
  trainTo(6);
  for (const step of [2, 4, 6]) {
    recorder.keepState(step, files);
    recorder.take({ type: 'sample', runId: 'a', step, whose: 'adapter', texts: ['x'] });
  }
  await recorder.end({ state: 'done' });
  expect(await written()).toMatchObject({ steps: 6, keptSteps: [2, 4, 6], problems: [] }); // control
  goBackTo(4);
  await recorder.end({ state: 'done' });
  const { curves, ...record } = await written();
  expect(record).toMatchObject({ steps: 4, keptSteps: [2, 4], finalLoss: 7 });
  expect(curves.loss).toHaveLength(4);
  expect(curves.samples.map(({ step }) => step)).toEqual([2, 4]);
  expect([...(await start(4)).files.keys()]).toEqual([...files.keys()]);
  await expect(start(6)).rejects.toThrow('Cannot start from step 6 of that run');
});

it('a rollback strikes out a state that is still to be written, not the one that takes its place', async () => {
  const struckOut = recorded();
  struckOut.trainTo(6);
  for (const step of [2, 6]) struckOut.recorder.keepState(step, files);
  struckOut.goBackTo(4);
  await struckOut.recorder.end({ state: 'done' });
  expect((await struckOut.written()).keptSteps).toEqual([2]);

  const again = recorded();
  again.trainTo(6);
  again.recorder.keepState(6, files);
  again.goBackTo(4);
  again.trainTo(6, 4);
  again.recorder.keepState(6, files);
  await again.recorder.end({ state: 'done' });
  expect(await again.written()).toMatchObject({ steps: 6, keptSteps: [6] });
});

it('a run that bad numbers end at an earlier step is kept with that step, and with no state beyond it', async () => {
  const { recorder, trainTo, written } = recorded();
  trainTo(8);
  for (const step of [3, 6]) recorder.keepState(step, files);
  await recorder.end({ state: 'done', steps: 5, finalLoss: 6, trouble: 'Cannot go on at step 9' });
  const { curves, ...record } = await written();
  expect(record).toMatchObject({ steps: 5, finalLoss: 6, keptSteps: [3], trouble: 'Cannot go on at step 9' });
  expect(curves.loss, 'the curve shows how they went bad').toHaveLength(8);
});
