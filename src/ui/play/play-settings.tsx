import { useStore } from 'zustand';
import { NumberField } from '../controls/number-field.tsx';
import type { NumberRule } from '../controls/number-rule.ts';
import { changePlay, playStore } from './play-store.ts';
import { words } from './words.ts';

const tenths = (to: number) => Array.from({ length: to * 10 + 1 }, (_, i) => i / 10);

const STRENGTH: NumberRule = {
  name: words.strength,
  hint: words.strengthHint,
  min: 0,
  max: 4,
  stops: tenths(2),
};
const TEMPERATURE: NumberRule = {
  name: words.temperature,
  hint: words.temperatureHint,
  min: 0,
  max: 2,
  stops: tenths(2),
};
const MAX_TOKENS: NumberRule = {
  name: words.maxTokens,
  hint: words.maxTokensHint,
  min: 1,
  max: 4096,
  whole: true,
  stops: [16, 32, 64, 128, 256, 512],
};
const SEED: NumberRule = {
  name: words.seed,
  hint: words.seedHint,
  min: 0,
  max: 2_147_483_647,
  whole: true,
  stops: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
};

export function PlaySettings() {
  const { temperature, maxTokens, seed } = useStore(playStore);
  return (
    <div className="play-settings">
      <StrengthField />
      <NumberField rule={TEMPERATURE} value={temperature} onChange={(value) => changePlay({ temperature: value })} />
      <NumberField rule={MAX_TOKENS} value={maxTokens} onChange={(value) => changePlay({ maxTokens: value })} />
      <NumberField rule={SEED} value={seed} onChange={(value) => changePlay({ seed: value })} />
    </div>
  );
}

export function StrengthField() {
  const strength = useStore(playStore, (s) => s.strength);
  return <NumberField rule={STRENGTH} value={strength} onChange={(value) => changePlay({ strength: value })} />;
}
