import { useStore } from 'zustand';
import { loss } from '../format.ts';
import { runStore } from './run-store.ts';
import { words } from './words.ts';

/** What the adapter has cost so far, beside what it has learned; nothing where that is not watched. */
export function ForgettingLine() {
  const last = useStore(runStore, (s) => s.forgetting.at(-1));
  if (last === undefined) return null;
  const { step, loss: now, baseLoss, kl } = last;
  return <p className="hint number">{words.forgetting.line(loss(baseLoss), loss(now), loss(kl), step)}.</p>;
}
