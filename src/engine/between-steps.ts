// What is done between the steps of a run beside training: sample prompts are asked and states are kept for later runs to
// start from. Both only read the adapter. Neither may end the run: what fails is left out from then on, and said.

import type { Adapter } from '../lora/adapter.ts';
import { withTensors } from '../lora/adapter-tensors.ts';
import { writePeftFolder } from '../lora/files/peft.ts';
import type { FlatAdapter } from '../lora/flat-adapter.ts';
import { plainLora } from '../lora/plain-lora.ts';
import { cardFacts } from './card-facts.ts';
import type { RunEvent, SampleOptions } from './protocol.ts';
import { type RunRecorder, STATE_RECORD, stepsToKeep } from './run-recorder.ts';
import { answerSamples, isSampleStep } from './sample-prompts.ts';
import type { Session } from './session.ts';

export interface BetweenSteps {
  /** The adapter as files describe it; its numbers are taken from the device. */
  setAdapter(adapter: Adapter): void;
  afterStep(step: number, flat: FlatAdapter, record: () => Promise<Uint8Array | undefined>): Promise<void>;
}

export function betweenSteps(run: {
  readonly session: Session;
  readonly runId: string;
  readonly name: string;
  readonly totalSteps: number;
  readonly samples: SampleOptions | undefined;
  readonly recorder: RunRecorder;
  tell(event: RunEvent): void;
  onProblem(problem: string): void;
}): BetweenSteps {
  const { session, runId, name, totalSteps, recorder } = run;
  let { samples } = run;
  let adapter: Adapter | undefined;
  let keepsStates = true;

  const ask = async (step: number, whose: 'base' | 'adapter', flat: FlatAdapter | undefined) => {
    if (samples === undefined) return;
    try {
      const texts = await answerSamples(session.needModel(), session.needTokenizer(), flat, samples);
      run.tell({ type: 'sample', runId, step, whose, texts });
    } catch (error) {
      // A lost device fails the next step by itself.
      samples = undefined;
      run.onProblem(`The sample prompts are not asked any more: ${(error as Error).message}`);
    }
  };
  const keep = async (step: number, flat: FlatAdapter, record: () => Promise<Uint8Array | undefined>) => {
    // The adapter as files, and once more in the record with its two moments.
    const stateBytes = 4 * flat.params.size;
    if (!keepsStates || adapter === undefined || !stepsToKeep(totalSteps, stateBytes).includes(step)) return;
    try {
      const files = writePeftFolder(
        plainLora(withTensors(adapter, await flat.read())),
        cardFacts(session.needModel(), name),
      );
      const state = new Map(files.map((file): [string, Uint8Array] => [file.name, file.bytes]));
      const checkpoint = await record();
      if (checkpoint !== undefined) state.set(STATE_RECORD, checkpoint);
      recorder.keepState(step, state);
    } catch (error) {
      keepsStates = false;
      run.onProblem(`No more states are kept to start from: ${(error as Error).message}`);
    }
  };
  return {
    setAdapter(next) {
      adapter = next;
    },
    async afterStep(step, flat, record) {
      if (step === 0) await ask(0, 'base', undefined);
      if (samples && isSampleStep(step, samples.everySteps, totalSteps)) await ask(step, 'adapter', flat);
      await keep(step, flat, record);
    },
  };
}
