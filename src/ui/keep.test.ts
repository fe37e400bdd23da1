import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keep, keepEntries, keepProblem, kept, keptEntries } from './keep.ts';
import { memoryStorage } from './testing/memory-storage.ts';

beforeEach(() => vi.stubGlobal('localStorage', memoryStorage()));
afterEach(() => vi.unstubAllGlobals());

test('what is kept comes back; without a storage the page works on', () => {
  keep('settings', { rank: 4 });
  expect(kept('settings')).toEqual({ rank: 4 });
  expect(keptEntries()).toEqual({ settings: '{"rank":4}' });
  const closed = () => {
    throw new DOMException('denied', 'SecurityError');
  };
  vi.stubGlobal('localStorage', { getItem: closed, setItem: closed });
  keep('settings', { rank: 8 });
  expect(kept('settings')).toBeUndefined();
  expect(keepProblem()).toBeUndefined();
});

test('what a newer version keeps is neither read nor changed, and the page says so', () => {
  keep('settings', { rank: 4 });
  expect(keepProblem()).toBeUndefined();
  localStorage.setItem('graft.version', '2');
  expect(keepProblem()).toContain('kept by a newer version of Graft (2), need 1');
  expect(kept('settings')).toBeUndefined();
  keep('settings', { rank: 8 });
  expect(localStorage.getItem('graft.settings')).toBe('{"rank":4}');
});

test('a backup of a newer version leaves the settings as they are', () => {
  keep('theme', 'dark');
  keepEntries({ theme: '"light"', place: '"play"', version: '1' }, true);
  expect([kept('theme'), kept('place')]).toEqual(['light', 'play']);
  expect(() => keepEntries({ theme: '"dark"', version: '2' }, true)).toThrow(
    'Cannot take over the settings of the backup: found version 2, need at most 1',
  );
  expect(kept('theme')).toBe('light');
});
