import { useState } from 'react';
import { useStore } from 'zustand';
import { DEFAULT_SETTINGS } from '../../engine/protocol.ts';
import { baseStore } from '../base/base-store.ts';
import { Choice } from '../controls/choice.tsx';
import { NumberField } from '../controls/number-field.tsx';
import { RecipesButton } from '../recipes/recipes-button.tsx';
import { SampleSettings } from '../samples/sample-settings.tsx';
import { announce } from '../shell/trouble-store.ts';
import { AllSettings } from './all-settings.tsx';
import { Autopilot } from './autopilot.tsx';
import { Compare } from './compare.tsx';
import { compareStore } from './compare-store.ts';
import { Given } from './given.tsx';
import { Memory } from './memory.tsx';
import { Reduction, VirtualTokens } from './method-settings.tsx';
import { running, runStore } from './run-store.ts';
import { type NumberKey, ruleFor, USUAL_STEPS } from './settings-rules.ts';
import { changeSettings, resetSettings, runFor, settingsStore } from './settings-store.ts';
import { StartsFrom } from './starts-from.tsx';
import { words } from './words.ts';

export function SettingsPanel() {
  const [showAll, setShowAll] = useState(false);
  const locked = useStore(runStore, running);
  return (
    <section className="card settings" aria-label={words.settings}>
      <Given />
      <StartsFrom />
      <div className="settings-fields">
        <Size />
        <Setting name="learningRate" />
        <Duration />
        <Setting name="batchSize" />
        <Setting name="seqLen" />
        <Setting name="validationSplit" />
        <SampleSettings />
      </div>
      <Compare />
      <Memory />
      <Autopilot />
      {showAll && <AllSettings />}
      {locked && <p className="hint">{words.locked}</p>}
      <div className="line settings-end">
        <button type="button" className="button" aria-expanded={showAll} onClick={() => setShowAll(!showAll)}>
          {showAll ? words.fewer : words.all}
        </button>
        <RecipesButton />
        <button
          type="button"
          className="button"
          disabled={locked}
          onClick={() => {
            resetSettings();
            announce(words.resetDone);
          }}
        >
          {words.reset}
        </button>
      </div>
    </section>
  );
}

/** How large the adapter is, where its method has a size. */
function Size() {
  const method = useStore(settingsStore, (s) => s.settings.method ?? 'lora');
  if (method === 'prompt-tuning') return <VirtualTokens />;
  if (method === 'bottleneck') return <Reduction />;
  if (method !== 'lora') return null;
  return (
    <>
      <Setting name="rank" />
      <Setting name="alpha" />
    </>
  );
}

export function Setting({ name, noSlider = false }: { name: NumberKey; noSlider?: boolean }) {
  const value = useStore(settingsStore, (s) => s.settings[name]) ?? (name === 'loraPlusRatio' ? 1 : 0);
  const context = useStore(baseStore, (s) => s.report?.contextTokens);
  const rate = useStore(settingsStore, (s) => s.suggestedRate);
  const isRunning = useStore(runStore, running);
  const isGiven = useStore(settingsStore, (s) => s.from !== undefined) && (name === 'rank' || name === 'alpha');
  const isCompared = useStore(compareStore, ({ what }) => what === name || (what === 'rank' && name === 'alpha'));
  const isUnasked = useStore(settingsStore, (s) => name === 'evalEvery' && s.settings.validationSplit === 0);
  const locked = isRunning || isGiven || isCompared;
  const rule = ruleFor(name, context, rate);
  return (
    <NumberField
      rule={isUnasked ? { ...rule, hint: words.nothingHeldBack } : rule}
      value={value}
      disabled={locked}
      noSlider={noSlider}
      onChange={(next) => changeSettings({ [name]: next })}
    />
  );
}

function Duration() {
  const steps = useStore(settingsStore, (s) => s.settings.steps);
  const epochs = useStore(settingsStore, (s) => s.settings.epochs);
  const locked = useStore(runStore, running);
  const unit = steps === undefined ? 'epochs' : 'steps';
  return (
    <div className="stack-tight">
      <Choice
        name={words.runFor}
        hideName
        value={unit}
        options={[
          { value: 'epochs', label: words.epochs },
          { value: 'steps', label: words.steps },
        ]}
        disabled={locked}
        onChange={(next) => runFor(next, next === 'steps' ? USUAL_STEPS : DEFAULT_SETTINGS.epochs!)}
      />
      <NumberField
        key={unit}
        rule={ruleFor(unit)}
        value={steps ?? epochs ?? 3}
        disabled={locked}
        onChange={(value) => runFor(unit, value)}
      />
    </div>
  );
}
