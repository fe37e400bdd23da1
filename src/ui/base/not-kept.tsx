import { useEffect, useState } from 'react';
import type { KeptModels } from '../../engine/protocol.ts';
import { Note, type WayOut } from '../controls/note.tsx';
import { engine } from '../engine.ts';
import { bytes } from '../format.ts';
import { words } from './words.ts';

/** The base is open but its copy found no room: go on as it is, or make room for the next time. */
export function NotKept({ reason }: { reason: string }) {
  const [kept, setKept] = useState<KeptModels | undefined>();
  const [isFreed, setFreed] = useState(false);
  const [isGone, setGone] = useState(false);
  useEffect(
    () =>
      void engine()
        .base.keptModels()
        .then(setKept, () => setKept(undefined)),
    [],
  );
  if (isGone) return null;
  const w = words.notKept;
  const ways: WayOut[] = [{ label: w.goOn, onClick: () => setGone(true) }];
  if (kept && kept.models > 0 && !isFreed)
    ways.unshift({
      label: w.forget(kept.models, bytes(kept.bytes)),
      onClick: () =>
        void engine()
          .base.forgetKeptModels()
          .then(() => setFreed(true)),
    });
  return (
    <Note warn title={w.title} ways={ways}>
      {isFreed ? w.freed : `${w.body} ${reason}.`}
    </Note>
  );
}
