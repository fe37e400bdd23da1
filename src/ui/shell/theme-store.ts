// Light, dark, or as the system says. The page's stylesheet looks at <html data-theme>.
import { createStore } from 'zustand/vanilla';
import { keep, kept } from '../keep.ts';

export type Theme = 'system' | 'light' | 'dark';
const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

const systemIsDark = matchMedia('(prefers-color-scheme: dark)');

/** `shown` is what the eye gets: charts repaint when it changes. */
export const themeStore = createStore<{ theme: Theme; shown: 'light' | 'dark' }>(() => ({
  theme: 'system',
  shown: 'light',
}));

export function setTheme(theme: Theme): void {
  const shown = theme === 'system' ? (systemIsDark.matches ? 'dark' : 'light') : theme;
  document.documentElement.dataset.theme = shown;
  themeStore.setState({ theme, shown });
  keep('theme', theme);
}

export function nextTheme(): void {
  const at = THEMES.indexOf(themeStore.getState().theme);
  setTheme(THEMES[(at + 1) % THEMES.length]!);
}

export function followTheme(): void {
  const last = kept('theme');
  setTheme(THEMES.find((theme) => theme === last) ?? 'system');
  systemIsDark.addEventListener('change', () => setTheme(themeStore.getState().theme));
}
