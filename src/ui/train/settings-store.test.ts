import { expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../engine/protocol.ts';
import {
  changeIa3,
  changeMethod,
  changePrompt,
  changeSettings,
  fitSettings,
  readSettings,
  settingsStore,
  suggestRate,
  USUAL,
} from './settings-store.ts';

test('settings that were kept come back as they were', () => {
  const { epochs: _, ...rest } = USUAL;
  const own = { ...rest, steps: 40, rank: 16, targets: ['q_proj', 'v_proj'], schedule: 'cosine', validationSplit: 0.2 };
  expect(readSettings(JSON.parse(JSON.stringify(own)))).toEqual(own);
});

test('what cannot be used falls back to the default, field by field', () => {
  expect(readSettings({ rank: 'many', alpha: -1, learningRate: 3e-4, epochs: 2, schedule: 'zigzag' })).toEqual({
    ...USUAL,
    learningRate: 3e-4,
    epochs: 2,
  });
  expect(readSettings(null)).toEqual(USUAL);
  expect(readSettings('x')).toEqual(USUAL);
});

test('steps and epochs never stand together, and one always does', () => {
  expect(readSettings({ steps: 10, epochs: 2 })).toEqual(USUAL);
  expect(readSettings({ rank: 4 })).toMatchObject({ rank: 4, epochs: 3 });
});

test('settings that another base cannot do come back into its range', () => {
  changeSettings({ seqLen: 2048, targets: ['q_proj', 'c_attn'] });
  fitSettings({ contextTokens: 512, linearNames: ['q_proj', 'v_proj'] });
  expect(settingsStore.getState().settings).toMatchObject({ seqLen: 512, targets: ['q_proj'] });
  fitSettings({ contextTokens: 512, linearNames: ['c_proj'] });
  expect(settingsStore.getState().settings.targets).toBe('all-linear');
});

test('a base suggests its learning rate, unless a person has chosen one', () => {
  const rate = () => settingsStore.getState().settings.learningRate;
  changeSettings({ learningRate: DEFAULT_SETTINGS.learningRate });
  suggestRate({ parameters: 5e6 });
  expect(rate()).toBe(4e-3);
  suggestRate({ parameters: 1.1e9 });
  expect(rate()).toBe(5e-4);
  changeSettings({ learningRate: 3e-3 });
  suggestRate({ parameters: 5e6 });
  expect(rate()).toBe(3e-3);
});

test('another method takes its own settings, and leaves those of the one before', () => {
  const now = () => settingsStore.getState().settings;
  changeSettings({ dropout: 0.1, loraPlusRatio: 4, lora: { use_dora: true } });
  changeMethod('ia3');
  changeIa3({ target_modules: ['k_proj', 'down_proj'], feedforward_modules: ['down_proj'] });
  expect(now()).toMatchObject({ method: 'ia3', dropout: 0, ia3: { feedforward_modules: ['down_proj'] } });
  expect(now()).not.toHaveProperty('lora');
  expect(now()).not.toHaveProperty('loraPlusRatio');
  expect(readSettings(JSON.parse(JSON.stringify(now())))).toEqual(now());
  fitSettings({ contextTokens: 4096, linearNames: ['c_attn'] });
  expect(now().ia3).toEqual({});
  changeMethod('prompt-tuning');
  changePrompt({ num_virtual_tokens: 8 });
  expect(now()).toMatchObject({ method: 'prompt-tuning', promptTuning: { num_virtual_tokens: 8 } });
  expect(now()).not.toHaveProperty('ia3');
  changeMethod('lora');
  expect(now()).not.toHaveProperty('method');
});
