import { useStore } from 'zustand';
import { Icon } from '../controls/icon.tsx';
import { DeviceChip } from './device-chip.tsx';
import { PlaceNav } from './place-nav.tsx';
import { SentChip } from './sent-chip.tsx';
import { nextTheme, themeStore } from './theme-store.ts';
import { words } from './words.ts';

export function TopBar({ onKeys }: { onKeys: () => void }) {
  const theme = useStore(themeStore, (s) => s.theme);
  return (
    <header className="top-bar">
      <div className="logo">
        <svg width="24" height="24" viewBox="0 0 22 22" aria-hidden="true">
          <path d="M11 21V11" stroke="var(--base)" strokeWidth="3" strokeLinecap="round" />
          <path d="M11 12c0-5 3-9 9-10 0 6-3 10-9 10z" fill="var(--leaf)" />
          <path d="M11 15c0-3-2-6-7-7 0 4 2 7 7 7z" fill="var(--leaf)" opacity=".55" />
        </svg>
        {words.name}
      </div>
      <PlaceNav />
      <div className="top-bar-end">
        <DeviceChip />
        <SentChip />
        <button
          type="button"
          className="button button-plain button-icon"
          aria-label={words.themeLabel(words.theme[theme])}
          title={words.themeLabel(words.theme[theme])}
          onClick={nextTheme}
        >
          <Icon name={theme} />
        </button>
        <button
          type="button"
          className="button button-plain button-icon keys-button"
          aria-label={words.keysLabel}
          title={words.keysLabel}
          onClick={onKeys}
        >
          ?
        </button>
      </div>
    </header>
  );
}
