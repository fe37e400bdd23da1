import { useStore } from 'zustand';
import { Field } from '../controls/field.tsx';
import { NumberField } from '../controls/number-field.tsx';
import { Switch } from '../controls/switch.tsx';
import { deviceStore } from '../shell/device-store.ts';
import { running, runStore } from '../train/run-store.ts';
import { areSamplesOn, changeSamples, samplesStore } from './samples-store.ts';
import { words } from './words.ts';

const EVERY = {
  ...words.every,
  min: 0,
  max: 100_000,
  whole: true,
  usual: 0,
  unit: 'steps',
  stops: [0, 10, 20, 50, 100],
};
const TOKENS = {
  ...words.tokens,
  min: 1,
  max: 200,
  whole: true,
  usual: 32,
  unit: 'tokens',
  stops: [8, 16, 32, 64, 128],
};

export function SampleSettings() {
  const samples = useStore(samplesStore);
  const isSoftware = useStore(deviceStore, (s) => s.report?.isSoftware ?? false);
  const locked = useStore(runStore, running);
  const isOn = areSamplesOn(samples, isSoftware);
  return (
    <div className="stack-tight">
      <Switch
        name={words.name}
        hint={words.hint}
        checked={isOn}
        disabled={locked}
        onChange={(on) => changeSamples({ isOn: on })}
      />
      {isOn && (
        <>
          <Field
            name={words.prompts}
            hint={words.promptsHint}
            control={(tied) => (
              <textarea
                {...tied}
                className="input"
                rows={2}
                value={samples.prompts}
                disabled={locked}
                onChange={(event) => changeSamples({ prompts: event.target.value })}
              />
            )}
          />
          <NumberField
            noSlider
            rule={EVERY}
            value={samples.everySteps}
            disabled={locked}
            onChange={(everySteps) => changeSamples({ everySteps })}
          />
          <NumberField
            noSlider
            rule={TOKENS}
            value={samples.maxTokens}
            disabled={locked}
            onChange={(maxTokens) => changeSamples({ maxTokens })}
          />
        </>
      )}
    </div>
  );
}
