import { useStore } from 'zustand';
import { CHECKPOINTING_CHOICES, type TrainSettings } from '../../engine/protocol.ts';
import { Choice } from '../controls/choice.tsx';
import { Switch } from '../controls/switch.tsx';
import { bytes } from '../format.ts';
import { AdapterKind } from './adapter-kind.tsx';
import { budgetStore } from './budget-store.ts';
import { BottleneckSettings, Ia3Settings, MethodChoice, PromptSettings } from './method-settings.tsx';
import { planStore } from './plan-store.ts';
import { running, runStore } from './run-store.ts';
import { Setting } from './settings-panel.tsx';
import { changeSettings, settingsStore } from './settings-store.ts';
import { Targets } from './targets.tsx';
import { words } from './words.ts';

const SCHEDULES: readonly TrainSettings['schedule'][] = ['constant', 'linear', 'cosine'];

export function AllSettings() {
  const method = useStore(settingsStore, (s) => s.settings.method ?? 'lora');
  const schedule = useStore(settingsStore, (s) => s.settings.schedule);
  const checkpointing = useStore(settingsStore, (s) => s.settings.checkpointing ?? 'none');
  const level = useStore(planStore, (s) => s.plan?.checkpointing);
  const budgetBytes = useStore(budgetStore, (s) => s.budgetBytes);
  const shuffle = useStore(settingsStore, (s) => s.settings.shuffle);
  const halves = useStore(settingsStore, (s) => s.settings.badNumbers === 'halve');
  const locked = useStore(runStore, running);
  return (
    <div className="settings-all">
      <h3>{words.groups.adapter}</h3>
      <MethodChoice />
      {method === 'lora' && (
        <>
          <Targets />
          <Setting name="dropout" />
          <AdapterKind />
        </>
      )}
      {method === 'ia3' && <Ia3Settings />}
      {method === 'prompt-tuning' && <PromptSettings />}
      {method === 'bottleneck' && <BottleneckSettings />}
      <h3>{words.groups.learning}</h3>
      <Choice
        name={words.schedule.name}
        value={schedule}
        options={SCHEDULES.map((value) => ({ value, label: words.schedule.labels[value] }))}
        hint={words.schedule.hint[schedule]}
        disabled={locked}
        onChange={(value) => changeSettings({ schedule: value })}
      />
      <Setting name="warmupSteps" noSlider />
      <Setting name="weightDecay" noSlider />
      <Setting name="clip" noSlider />
      <Setting name="gradAccum" noSlider />
      <Switch
        name={words.badNumbers.name}
        hint={words.badNumbers.hint}
        checked={halves}
        disabled={locked}
        onChange={(on) => changeSettings({ badNumbers: on ? 'halve' : 'stop' })}
      />
      <h3>{words.groups.order}</h3>
      <Switch
        name={words.shuffle.name}
        hint={words.shuffle.hint}
        checked={shuffle}
        disabled={locked}
        onChange={(on) => changeSettings({ shuffle: on })}
      />
      <Setting name="seed" noSlider />
      <Setting name="evalEvery" noSlider />
      <Setting name="forgettingEvery" noSlider />
      <h3>{words.groups.memory}</h3>
      <Choice
        name={words.checkpointing.name}
        known={words.checkpointing.known}
        value={checkpointing}
        options={CHECKPOINTING_CHOICES.map((value) => ({ value, label: words.checkpointing.labels[value] }))}
        hint={
          checkpointing === 'auto' && level
            ? `${words.checkpointing.hint.auto} ${words.checkpointing.settled(words.checkpointing.labels[level], bytes(budgetBytes))}`
            : words.checkpointing.hint[checkpointing]
        }
        disabled={locked}
        onChange={(value) => changeSettings({ checkpointing: value })}
      />
    </div>
  );
}
