import { expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../engine/protocol.ts';
import { differences, SETTING_KEYS, settingName, settingText, summary } from './describe-settings.ts';

test('every setting has a name and a text', () => {
  expect(new Set(SETTING_KEYS).size).toBe(SETTING_KEYS.length);
  for (const key of [...Object.keys(DEFAULT_SETTINGS), 'steps', 'checkpointing'] as (typeof SETTING_KEYS)[number][]) {
    expect(SETTING_KEYS, key).toContain(key);
    expect(settingName(key), key).toMatch(/^[A-Z]/);
    expect(settingText({ ...DEFAULT_SETTINGS, steps: 40 }, key), key).not.toBe('');
  }
});

test('differences are told in the order in which settings are read', () => {
  const other = { ...DEFAULT_SETTINGS, seed: 4, rank: 32, targets: ['q_proj'] };
  expect(differences([DEFAULT_SETTINGS, DEFAULT_SETTINGS, other])).toEqual(['rank', 'targets', 'seed']);
  expect(differences([DEFAULT_SETTINGS, { ...DEFAULT_SETTINGS, checkpointing: 'none' }])).toEqual([]);
});

test('a summary says what is not as everyone starts', () => {
  expect(summary(DEFAULT_SETTINGS)).toBe('all as at the start');
  expect(summary({ ...DEFAULT_SETTINGS, checkpointing: 'auto' })).toBe('all as at the start');
  expect(summary({ ...DEFAULT_SETTINGS, checkpointing: 'block' })).toBe('Work space Keep least');
  expect(summary({ ...DEFAULT_SETTINGS, rank: 16, validationSplit: 0.2 })).toBe('Rank 16 · Held back 20 %');
  const { epochs: _, ...rest } = DEFAULT_SETTINGS;
  expect(summary({ ...rest, steps: 40 })).toBe('Steps 40');
  expect(summary({ ...rest, clip: 0, evalEvery: 0 })).toBe('Gradient clip off · Validate every at the end');
});
