import { useStore } from 'zustand';
import { METHODS, PROMPT_INITS, type TrainSettings } from '../../engine/protocol.ts';
import { baseStore } from '../base/base-store.ts';
import { NumberField } from '../controls/number-field.tsx';
import { Select } from '../controls/select.tsx';
import { running, runStore } from './run-store.ts';
import { changeBottleneck, changeIa3, changeMethod, changePrompt, settingsStore } from './settings-store.ts';
import { TextSetting } from './text-setting.tsx';
import { words } from './words.ts';

const NO_IA3: NonNullable<TrainSettings['ia3']> = {};
const NO_PROMPT: NonNullable<TrainSettings['promptTuning']> = {};

/** An adapter that the run goes on with is what it is. */
function useLocked(): boolean {
  const isRunning = useStore(runStore, running);
  const isGiven = useStore(settingsStore, (s) => s.from !== undefined);
  return isRunning || isGiven;
}

/** What kind of adapter is trained. */
export function MethodChoice() {
  const method = useStore(settingsStore, (s) => s.settings.method ?? 'lora');
  const locked = useLocked();
  return (
    <Select
      name={words.method.name}
      value={method}
      options={METHODS.map((value) => ({ value, label: words.method.labels[value] }))}
      hint={words.method.hints[method]}
      disabled={locked}
      onChange={changeMethod}
    />
  );
}

export function Ia3Settings() {
  const ia3 = useStore(settingsStore, (s) => s.settings.ia3) ?? NO_IA3;
  const usual = useStore(baseStore, (s) => s.report?.ia3Defaults);
  const locked = useLocked();
  const w = words.method.ia3;
  const field = (
    key: 'target_modules' | 'feedforward_modules',
    name: string,
    hint: string,
    usually?: readonly string[],
  ) => (
    <TextSetting
      name={name}
      hint={hint}
      value={[ia3[key] ?? []].flat().join(', ')}
      placeholder={usually?.join(', ')}
      disabled={locked}
      onChange={(text) => {
        const names = text.split(',').flatMap((part) => part.trim() || []);
        changeIa3({ [key]: names.length > 0 ? names : undefined });
        return undefined;
      }}
    />
  );
  return (
    <>
      {field('target_modules', w.targets, w.targetsHint, usual?.targets)}
      {field('feedforward_modules', w.feedforward, w.feedforwardHint, usual?.feedforward)}
    </>
  );
}

/** Beside the settings that every run has: how small the bottleneck is. */
export function Reduction() {
  const factor = useStore(settingsStore, (s) => s.settings.bottleneck?.reduction_factor) ?? words.reduction.usual;
  const locked = useLocked();
  if (typeof factor !== 'number') return null;
  return (
    <NumberField
      rule={words.reduction}
      value={factor}
      disabled={locked}
      onChange={(value) => changeBottleneck({ reduction_factor: value })}
    />
  );
}

export function BottleneckSettings() {
  const placement = useStore(settingsStore, (s) => s.settings.bottleneck?.placement ?? 'pfeiffer');
  const locked = useLocked();
  const w = words.method.bottleneck;
  return (
    <Select
      name={w.placement}
      value={placement}
      options={(['pfeiffer', 'houlsby'] as const).map((value) => ({ value, label: w.placements[value] }))}
      hint={w.placementHint}
      disabled={locked}
      onChange={(value) => changeBottleneck({ placement: value })}
    />
  );
}

/** Beside the settings that every run has: how long the prompt is. */
export function VirtualTokens() {
  const count =
    useStore(settingsStore, (s) => s.settings.promptTuning?.num_virtual_tokens) ?? words.virtualTokens.usual;
  const locked = useLocked();
  return (
    <NumberField
      rule={words.virtualTokens}
      value={count}
      disabled={locked}
      onChange={(value) => changePrompt({ num_virtual_tokens: value })}
    />
  );
}

export function PromptSettings() {
  const own = useStore(settingsStore, (s) => s.settings.promptTuning) ?? NO_PROMPT;
  const locked = useLocked();
  const w = words.method.prompt;
  const init = own.prompt_tuning_init ?? 'RANDOM';
  return (
    <>
      <Select
        name={w.init}
        value={init}
        options={PROMPT_INITS.map((value) => ({ value, label: w.inits[value] }))}
        hint={w.initHint}
        disabled={locked}
        onChange={(value) =>
          changePrompt({
            prompt_tuning_init: value,
            prompt_tuning_init_text: value === 'TEXT' ? w.usualText : undefined,
          })
        }
      />
      {init === 'TEXT' && (
        <TextSetting
          name={w.text}
          hint={w.textHint}
          value={own.prompt_tuning_init_text ?? ''}
          disabled={locked}
          onChange={(text) => {
            if (text.trim() === '') return w.textMissing;
            changePrompt({ prompt_tuning_init_text: text.trim() });
            return undefined;
          }}
        />
      )}
    </>
  );
}
