import type { RecipeAdapter } from '../../engine/protocol.ts';
import { SETTING_KEYS, settingName, settingText } from './describe-settings.ts';
import { words } from './words.ts';

/** What each of a recipe's adapters has of its own. */
export function RecipeAdapters({ adapters }: { adapters: readonly RecipeAdapter[] }) {
  const w = words.compare;
  return (
    <ul className="compare-files small number">
      {adapters.map(({ name, settings = {}, files = [] }) => {
        const own = SETTING_KEYS.filter((key) => settings[key] !== undefined);
        const says = [
          ...own.map((key) => `${settingName(key)} ${settingText(settings, key)}`),
          ...files.map((file) => w.learns(file)),
        ];
        return (
          <li key={name} className="breaks">
            <b>{name}</b> <span className="soft">{says.join(' · ') || w.asSet}</span>
          </li>
        );
      })}
    </ul>
  );
}
