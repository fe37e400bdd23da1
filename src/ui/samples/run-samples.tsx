import { useStore } from 'zustand';
import { runStore } from '../train/run-store.ts';
import { SampleStrips } from './sample-strip.tsx';
import { words } from './words.ts';

/** While and after a run that is asked something. */
export function RunSamples() {
  const prompts = useStore(runStore, (s) => s.prompts);
  const samples = useStore(runStore, (s) => s.samples);
  if (prompts.length === 0) return null;
  return (
    <section className="card stack-tight" aria-labelledby="run-samples">
      <h2 id="run-samples">{words.title}</h2>
      <SampleStrips prompts={prompts} samples={samples} />
    </section>
  );
}
