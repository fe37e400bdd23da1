import { useStore } from 'zustand';
import { Icon } from '../controls/icon.tsx';
import { bytes, loss } from '../format.ts';
import { placeHref } from '../shell/place-store.ts';
import { isLora } from './is-lora.ts';
import { libraryStore, saveAdapter } from './library-store.ts';
import { words } from './words.ts';
import './library.css';

const SHOWN = 4;

/** The newest adapters, where a run ends: each one a click from its zip. */
export function LibraryMini() {
  const adapters = useStore(libraryStore, (s) => s.adapters);
  const saving = useStore(libraryStore, (s) => s.saving);
  return (
    <section className="card stack-tight" aria-labelledby="library-mini">
      <div className="line line-apart">
        <h2 id="library-mini">{words.mini}</h2>
        {adapters.length > SHOWN && (
          <a className="button button-plain" href={placeHref('library')}>
            {words.all(adapters.length)}
          </a>
        )}
      </div>
      {adapters.length === 0 && <p className="soft small">{words.miniEmpty}</p>}
      <ul className="mini-list">
        {adapters.slice(0, SHOWN).map((adapter) => (
          <li key={adapter.id}>
            <span className="mini-name">
              <b className="breaks">{adapter.name}</b>
              <span className="hint number">
                {isLora(adapter) ? words.rank(adapter.rank) : adapter.method} · {bytes(adapter.bytes)}
                {adapter.validationLoss !== undefined && ` · ${words.miniValidation} ${loss(adapter.validationLoss)}`}
              </span>
            </span>
            <button
              type="button"
              className="button button-icon"
              disabled={saving === adapter.id}
              aria-label={words.of(words.download, adapter.name)}
              title={words.download}
              onClick={() => void saveAdapter(adapter.id)}
            >
              <Icon name="download" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
