import { useStore } from 'zustand';
import type { HubChoice } from '../../engine/protocol.ts';
import { bytes, parameters } from '../format.ts';
import { baseStore } from './base-store.ts';
import { gpuBytes } from './gpu-bytes.ts';
import { hubStore } from './hub-store.ts';
import { words } from './words.ts';

export function HubChoices() {
  const choices = useStore(hubStore, (s) => s.choices);
  if (choices.length === 0) return null;
  return (
    <ul className="hub-choices" aria-label={words.hub.list}>
      {choices.map((model) => (
        <Choice key={model.id} model={model} />
      ))}
    </ul>
  );
}

function Choice({ model }: { model: HubChoice }) {
  const isChosen = useStore(hubStore, (s) => s.id === model.id);
  const quant = useStore(baseStore, (s) => s.quant);
  const w = words.hub;
  const [org, name] = model.id.split('/');
  const facts = [
    parameters(model.parameters),
    w.download(bytes(model.downloadBytes)),
    w.onGpu(bytes(gpuBytes(model, quant))),
    model.licence,
    ...(model.isGated ? [w.gated] : []),
  ];
  return (
    <li>
      <button
        type="button"
        className="hub-choice"
        aria-pressed={isChosen}
        disabled={!model.isOpenable}
        onClick={() => hubStore.setState({ id: model.id, revision: '' })}
      >
        <span className="breaks">
          <span className="soft">{org}/</span>
          <b>{name}</b>
        </span>
        <span className="small soft number">{facts.join(' · ')}</span>
        {!model.isOpenable && <span className="hint">{w.notYet}</span>}
      </button>
    </li>
  );
}
