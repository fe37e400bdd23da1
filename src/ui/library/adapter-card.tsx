import { useStore } from 'zustand';
import type { AdapterRecord } from '../../engine/protocol.ts';
import { baseStore } from '../base/base-store.ts';
import { Icon } from '../controls/icon.tsx';
import { bytes, count, day, loss } from '../format.ts';
import { openLab } from '../lab/lab-store.ts';
import { chooseAdapter } from '../play/play-store.ts';
import { goTo } from '../shell/place-store.ts';
import { AdapterName } from './adapter-name.tsx';
import { AdapterTags } from './adapter-tags.tsx';
import { ExportLine } from './export-line.tsx';
import { FormatsButton } from './formats-button.tsx';
import { isLora } from './is-lora.ts';
import { deleteAdapter, duplicateAdapter, libraryStore, saveAdapter } from './library-store.ts';
import { Sparkline } from './sparkline.tsx';
import { Unsaved } from './unsaved.tsx';
import { words } from './words.ts';

export function AdapterCard({ adapter }: { adapter: AdapterRecord }) {
  const mismatch = useMismatch(adapter);
  return (
    <article className="card adapter" aria-label={adapter.name}>
      <AdapterName adapter={adapter} />
      <Unsaved id={adapter.id} />
      <div className="adapter-body">
        {adapter.curve && <Sparkline curve={adapter.curve} />}
        <Facts adapter={adapter} />
        <Recipe adapter={adapter} />
        <AdapterTags adapter={adapter} />
      </div>
      {mismatch && <p className="adapter-mismatch small">{words.warning(mismatch)}</p>}
      <Actions adapter={adapter} />
      <ExportLine adapter={adapter} />
    </article>
  );
}

/** Says when the adapter was made for something else than the base that is open now. */
function useMismatch(adapter: AdapterRecord): string | undefined {
  const base = useStore(baseStore, (s) => s.report);
  if (!base || adapter.baseHash === base.hash) return undefined;
  if (adapter.baseName === base.name) return words.otherWeights(base.name);
  return words.otherBase(adapter.baseName || words.facts.unknown, base.name);
}

function Facts({ adapter }: { adapter: AdapterRecord }) {
  const w = words.facts;
  return (
    <FactList
      facts={[
        [w.base, adapter.baseName || w.unknown],
        [w.data, adapter.datasetName || w.unknown],
        isLora(adapter) ? [w.rank, w.rankOf(adapter.rank, adapter.alpha)] : [w.method, adapter.method!],
        [w.loss, Number.isFinite(adapter.finalLoss) ? loss(adapter.finalLoss) : w.unknown],
        ...(adapter.validationLoss === undefined ? [] : [[w.validation, loss(adapter.validationLoss)] as const]),
        [w.steps, count(adapter.steps)],
        [w.size, bytes(adapter.bytes)],
        [w.date, day(adapter.created)],
      ]}
    />
  );
}

function Recipe({ adapter: { recipe, targets } }: { adapter: AdapterRecord }) {
  if (!recipe) return null;
  const w = words.facts;
  return (
    <details className="adapter-recipe">
      <summary>{words.recipe}</summary>
      <FactList
        facts={[
          [w.rate, w.rateOf(recipe.learningRate, recipe.schedule)],
          [w.batch, w.batchOf(recipe.batchSize, recipe.gradAccum)],
          [w.tokens, count(recipe.seqLen)],
          [w.dropout, String(recipe.dropout)],
          [w.seed, String(recipe.seed)],
          [w.targets, targets.join(', ')],
        ]}
      />
    </details>
  );
}

function FactList({ facts }: { facts: readonly (readonly [string, string])[] }) {
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

function Actions({ adapter }: { adapter: AdapterRecord }) {
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
      <FormatsButton adapter={adapter} />
      <button
        type="button"
        className="button"
        aria-label={words.of(words.lookInside, adapter.name)}
        onClick={() => void openLab(adapter)}
      >
        {words.lookInside}
      </button>
      <span className="adapter-more">
        <Small icon="copy" label={words.duplicate} name={adapter.name} onClick={() => void duplicateAdapter(adapter)} />
        <Small icon="trash" label={words.delete} name={adapter.name} onClick={() => void deleteAdapter(adapter)} />
      </span>
    </div>
  );
}

function Small(props: { icon: 'copy' | 'trash'; label: string; name: string; onClick: () => void }) {
  return (
    <button
      type="button"
      className={`button button-plain button-icon adapter-${props.icon}`}
      aria-label={words.of(props.label, props.name)}
      title={props.label}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}
