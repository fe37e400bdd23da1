import { useState } from 'react';
import { useStore } from 'zustand';
import type { AdapterRecord, LikenessOf, MergeMethod } from '../../engine/protocol.ts';
import { Select } from '../controls/select.tsx';
import { Slider } from '../controls/slider.tsx';
import { labStore, mergeWith } from './lab-store.ts';
import { words } from './words.ts';

const w = words.others;
type Method = keyof typeof w.methods & MergeMethod;
const METHODS = Object.entries(w.methods).map(([value, label]) => ({ value: value as Method, label }));

/** How alike the other adapters are, and one made of two. */
export function OthersPanel({ adapter, canMerge }: { adapter: AdapterRecord; canMerge: boolean }) {
  const likeness = useStore(labStore, (s) => s.likeness);
  return (
    <section className="card stack-tight" aria-labelledby="lab-others">
      <h2 id="lab-others">{w.title}</h2>
      {likeness?.length === 0 ? (
        <p className="soft small">{w.none}</p>
      ) : (
        <>
          <p className="soft small">{w.lead}</p>
          <ul className="lab-likeness number small">
            {likeness?.map(({ id, name, cosine }) => (
              <li key={id}>
                <span className="breaks">{w.cosine(name, cosine)}</span>
                <span className="lab-cosine" aria-hidden="true">
                  <span style={{ left: `${50 + 50 * Math.min(0, cosine)}%`, width: `${50 * Math.abs(cosine)}%` }} />
                </span>
              </li>
            ))}
          </ul>
          {canMerge && likeness && <Merge adapter={adapter} likeness={likeness} />}
        </>
      )}
    </section>
  );
}

function Merge({ adapter, likeness }: { adapter: AdapterRecord; likeness: readonly LikenessOf[] }) {
  const busy = useStore(labStore, (s) => s.busy);
  const [otherId, setOther] = useState(likeness[0]!.id);
  const [weights, setWeights] = useState<readonly [number, number]>([0.5, 0.5]);
  const [method, setMethod] = useState<Method>('cat');
  const other = likeness.find(({ id }) => id === otherId) ?? likeness[0]!;
  const [own, theirs] = weights;
  return (
    <div className="stack-tight lab-merge">
      <Select
        name={w.merge}
        value={other.id}
        options={likeness.map(({ id, name }) => ({ value: id, label: name }))}
        onChange={setOther}
      />
      <Weight name={w.weightOwn} value={own} onChange={(value) => setWeights([value, theirs])} />
      <Weight name={w.weightOther(other.name)} value={theirs} onChange={(value) => setWeights([own, value])} />
      <Select name={w.method} value={method} options={METHODS} onChange={setMethod} />
      <button
        type="button"
        className="button"
        disabled={busy !== undefined}
        onClick={() =>
          void mergeWith(
            adapter.id,
            { id: other.id, weight: theirs },
            { weight: own, method, name: w.name(adapter.name, other.name) },
          )
        }
      >
        {busy === 'merge' ? w.merging : w.mergeAction}
      </button>
    </div>
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
