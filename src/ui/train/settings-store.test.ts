import { expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../engine/protocol.ts';
import { readSettings } from './settings-store.ts';

test('settings that were kept come back as they were', () => {
  const { epochs: _, ...rest } = DEFAULT_SETTINGS;
  const own = { ...rest, steps: 40, rank: 16, targets: ['q_proj', 'v_proj'], schedule: 'cosine', validationSplit: 0.2 };
  expect(readSettings(JSON.parse(JSON.stringify(own)))).toEqual(own);
});

test('what cannot be used falls back to the default, field by field', () => {
  expect(readSettings({ rank: 'many', alpha: -1, learningRate: 3e-4, epochs: 2, schedule: 'zigzag' })).toEqual({
    ...DEFAULT_SETTINGS,
    learningRate: 3e-4,
    epochs: 2,
  });
  expect(readSettings(null)).toEqual(DEFAULT_SETTINGS);
  expect(readSettings('x')).toEqual(DEFAULT_SETTINGS);
});

test('steps and epochs never stand together, and one always does', () => {
  expect(readSettings({ steps: 10, epochs: 2 })).toEqual(DEFAULT_SETTINGS);
  expect(readSettings({ rank: 4 })).toMatchObject({ rank: 4, epochs: 3 });
});
