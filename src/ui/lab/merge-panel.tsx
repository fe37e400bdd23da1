import { useState } from 'react';
import { useStore } from 'zustand';
import type { AdapterRecord, MergeMethod, MergePartner, MergeWays } from '../../engine/protocol.ts';
import { Select } from '../controls/select.tsx';
import { Slider } from '../controls/slider.tsx';
import { isLora } from '../library/is-lora.ts';
import { choosePartner, labStore, mergeWith } from './lab-store.ts';
import { words } from './words.ts';

const w = words.merge;
type Method = keyof typeof w.methods & MergeMethod;

/** One adapter made of two: which can be merged with it and how, and of the others why they cannot. */
export function MergePanel({ adapter, hasBase }: { adapter: AdapterRecord; hasBase: boolean }) {
  const partners = useStore(labStore, (s) => s.partners);
  const able = partners?.filter(({ obstacle }) => obstacle === undefined) ?? [];
  return (
    <section className="card stack-tight" aria-labelledby="lab-merge">
      <h2 id="lab-merge">{w.title}</h2>
      <p className="soft small">{partners?.length === 0 ? w.none : hasBase ? w.lead : w.needs}</p>
      {hasBase && able.length > 0 && <Merge adapter={adapter} partners={able} />}
      {hasBase && partners && <Unable partners={partners} />}
    </section>
  );
}

function Merge({ adapter, partners }: { adapter: AdapterRecord; partners: readonly MergePartner[] }) {
  const other = useStore(labStore, (s) => s.partner) ?? partners[0]!;
  const ways = useStore(labStore, (s) => s.ways);
  // Here, so that they stay while another partner is looked at.
  const [weights, setWeights] = useState<readonly [number, number]>([0.5, 0.5]);
  const [wanted, setMethod] = useState<Method>('cat');
  return (
    <>
      <Select
        name={w.other}
        value={other.id}
        options={partners.map(({ id, name }) => ({ value: id, label: name }))}
        onChange={(chosen) => void choosePartner(adapter, partners.find(({ id }) => id === chosen)!)}
      />
      {ways === undefined && <p className="soft small">{w.looking}</p>}
      {ways?.obstacle !== undefined && <p className="small breaks">{w.because(other.name, ways.obstacle)}</p>}
      {ways && ways.methods.length > 0 && (
        <How {...{ adapter, other, ways, weights, wanted }} onWeights={setWeights} onMethod={setMethod} />
      )}
    </>
  );
}

function How({
  adapter,
  other,
  ways,
  weights: [own, theirs],
  wanted,
  onWeights,
  onMethod,
}: {
  adapter: AdapterRecord;
  other: MergePartner;
  ways: MergeWays;
  weights: readonly [own: number, theirs: number];
  wanted: Method;
  onWeights(weights: readonly [number, number]): void;
  onMethod(method: Method): void;
}) {
  const busy = useStore(labStore, (s) => s.busy);
  const names = isLora(adapter) ? w.methods : w.ia3Methods;
  const methods = Object.entries(names).flatMap(([name, label]) => {
    const value = name as Method;
    return ways.methods.includes(value) ? [{ value, label }] : [];
  });
  const method = methods.some(({ value }) => value === wanted) ? wanted : methods[0]!.value;
  const sum = own + theirs;
  return (
    <>
      <Weight name={w.weightOwn} value={own} onChange={(value) => onWeights([value, theirs])} />
      <Weight name={w.weightOther(other.name)} value={theirs} onChange={(value) => onWeights([own, value])} />
      {!isLora(adapter) && Math.abs(sum - 1) > 1e-6 && <p className="hint">{w.scales(sum)}</p>}
      <Select name={w.method} value={method} options={methods} onChange={onMethod} />
      <div className="line">
        <button
          type="button"
          className="button"
          disabled={busy !== undefined}
          onClick={() =>
            void mergeWith(
              adapter,
              { id: other.id, weight: theirs },
              { weight: own, method, name: w.name(adapter.name, other.name) },
            )
          }
        >
          {busy === 'merge' ? w.merging : w.action}
        </button>
      </div>
    </>
  );
}

/** By name, or in one sentence where the reason is this adapter. */
function Unable({ partners }: { partners: readonly MergePartner[] }) {
  const unable = partners.filter(({ obstacle }) => obstacle !== undefined);
  const reasons = new Set(unable.map(({ obstacle }) => obstacle));
  if (unable.length === 0) return null;
  if (unable.length === partners.length && reasons.size === 1 && unable.length > 1)
    return <p className="small breaks">{w.notAtAll(unable[0]!.obstacle!)}</p>;
  return (
    <details className="small">
      <summary>{w.unable(unable.length)}</summary>
      <ul className="lab-parts">
        {unable.map(({ id, name, obstacle }) => (
          <li key={id} className="breaks">
            {w.because(name, obstacle!)}
          </li>
        ))}
      </ul>
    </details>
  );
}

function Weight({ name, value, onChange }: { name: string; value: number; onChange: (value: number) => void }) {
  return (
    <div className="field">
      <span className="line line-apart">
        <span className="field-name breaks">{name}</span>
        <span className="number">{value.toFixed(2)}</span>
      </span>
      <Slider name={name} value={value} min={-1} max={1.5} step={0.05} says={value.toFixed(2)} onChange={onChange} />
    </div>
  );
}
