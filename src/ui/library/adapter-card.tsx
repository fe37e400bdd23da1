import { useState } from 'react';
import { useStore } from 'zustand';
import type { AdapterRecord } from '../../engine/protocol.ts';
import { baseStore } from '../base/base-store.ts';
import { Icon } from '../controls/icon.tsx';
import { Note } from '../controls/note.tsx';
import { bytes, count, day, loss } from '../format.ts';
import { chooseAdapter } from '../play/play-store.ts';
import { goTo } from '../shell/place-store.ts';
import { AdapterName } from './adapter-name.tsx';
import { deleteAdapter, libraryStore, saveAdapter } from './library-store.ts';
import { words } from './words.ts';

export function AdapterCard({ adapter }: { adapter: AdapterRecord }) {
  const [asksDelete, setAsksDelete] = useState(false);
  const mismatch = useMismatch(adapter);
  return (
    <article className="card adapter" aria-label={adapter.name}>
      <AdapterName adapter={adapter} />
      <Facts adapter={adapter} />
      {mismatch && (
        <p className="adapter-mismatch small">
          {'⚠\uFE0E '}
          {mismatch}
        </p>
      )}
      {asksDelete ? (
        <Note>
          <p>{words.deleteSure(adapter.name)}</p>
          <div className="line adapter-sure">
            <button type="button" className="button button-bad" onClick={() => void deleteAdapter(adapter)}>
              {words.deleteYes}
            </button>
            <button type="button" className="button" onClick={() => setAsksDelete(false)}>
              {words.keep}
            </button>
          </div>
        </Note>
      ) : (
        <Actions adapter={adapter} onDelete={() => setAsksDelete(true)} />
      )}
    </article>
  );
}

/** Says when the adapter was made for something else than the base that is open now. */
export function useMismatch(adapter: AdapterRecord): string | undefined {
  const base = useStore(baseStore, (s) => s.report);
  if (!base || adapter.baseHash === base.hash) return undefined;
  if (adapter.baseName === base.name) return words.otherWeights(base.name);
  return words.otherBase(adapter.baseName || words.facts.unknown, base.name);
}

function Facts({ adapter }: { adapter: AdapterRecord }) {
  const w = words.facts;
  const facts = [
    [w.base, adapter.baseName || w.unknown],
    [w.data, adapter.datasetName || w.unknown],
    [w.rank, w.rankOf(adapter.rank, adapter.alpha)],
    [w.loss, Number.isFinite(adapter.finalLoss) ? loss(adapter.finalLoss) : w.unknown],
    ...(adapter.validationLoss === undefined ? [] : [[w.validation, loss(adapter.validationLoss)]]),
    [w.steps, count(adapter.steps)],
    [w.size, bytes(adapter.bytes)],
    [w.date, day(adapter.created)],
  ];
  return (
    <dl className="adapter-facts number">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="breaks">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Actions({ adapter, onDelete }: { adapter: AdapterRecord; onDelete: () => void }) {
  const isSaving = useStore(libraryStore, (s) => s.saving === adapter.id);
  return (
    <div className="line">
      <button
        type="button"
        className="button button-main"
        aria-label={words.of(words.try, adapter.name)}
        onClick={() => {
          chooseAdapter(adapter.id);
          goTo('play');
        }}
      >
        {words.try}
      </button>
      <button
        type="button"
        className="button"
        disabled={isSaving}
        aria-label={words.of(words.download, adapter.name)}
        onClick={() => void saveAdapter(adapter.id)}
      >
        <Icon name="download" /> {isSaving ? words.packing : words.download}
      </button>
      <button
        type="button"
        className="button button-plain button-icon adapter-delete"
        aria-label={words.of(words.delete, adapter.name)}
        title={words.delete}
        onClick={onDelete}
      >
        <Icon name="trash" />
      </button>
    </div>
  );
}
