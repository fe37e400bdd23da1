import { useStore } from 'zustand';
import type { HubChoice } from '../../engine/protocol.ts';
import { bytes, parameters } from '../format.ts';
import { deviceStore } from '../shell/device-store.ts';
import { baseStore } from './base-store.ts';
import { fits, gpuBytes } from './fits.ts';
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
  const limits = useStore(deviceStore, (s) => (s.report?.status === 'ok' ? s.report.limits : undefined));
  const w = words.hub;
  const room = fits(model, quant, limits);
  const [org, name] = model.id.split('/');
  const facts = [
    parameters(model.parameters),
    w.download(bytes(model.downloadBytes)),
    w.onGpu(bytes(gpuBytes(model, quant))),
    model.licence,
    ...(model.isGated ? [w.gated] : []),
  ];
  const verdict = !model.isOpenable
    ? w.notYet
    : room === undefined
      ? undefined
      : room.isFitting
        ? w.fits
        : w.tooLarge(bytes(room.needBytes), bytes(room.haveBytes));
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
        {verdict && <span className={room?.isFitting || !model.isOpenable ? 'hint' : 'wrong'}>{verdict}</span>}
      </button>
    </li>
  );
}
