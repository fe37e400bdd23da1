import { useStore } from 'zustand';
import { baseStore } from '../base/base-store.ts';
import { dataStore } from '../data/data-store.ts';
import { bytes, parameters } from '../format.ts';
import { planStore } from './plan-store.ts';
import { settingsStore } from './settings-store.ts';
import { words } from './words.ts';

function useCanPlan(): boolean {
  const hasBase = useStore(baseStore, (s) => s.status === 'open');
  const hasData = useStore(dataStore, (s) => s.status === 'ready');
  return hasBase && hasData;
}

/** What the next run will hold on the GPU, by kind. */
export function Memory() {
  const plan = useStore(planStore, (s) => s.plan);
  const problem = useStore(planStore, (s) => s.problem);
  const isEva = useStore(settingsStore, (s) => s.settings.lora?.init_lora_weights === 'eva' && s.from === undefined);
  const isReady = useCanPlan();
  const w = words.memory;
  const parts = [
    { kind: 'weights', size: plan?.weightBytes ?? 0 },
    { kind: 'adapter', size: plan?.adapterBytes ?? 0 },
    { kind: 'activations', size: plan?.activationBytes ?? 0 },
    { kind: 'other', size: plan?.otherBytes ?? 0 },
  ] as const;
  return (
    <section className="memory" aria-labelledby="memory">
      <h2 className="line line-apart" id="memory">
        {w.title} <span className="number">{plan ? bytes(plan.totalBytes) : '–'}</span>
      </h2>
      <div className="memory-bar" aria-hidden="true">
        {parts.map(({ kind, size }) => (
          <i key={kind} className={`memory-${kind}`} style={{ flexGrow: size }} />
        ))}
      </div>
      <ul className="memory-parts small number">
        {parts.map(({ kind, size }) => (
          <li key={kind}>
            <i className={`memory-${kind}`} aria-hidden="true" />
            <span className="soft">{w[kind]}</span> {plan ? bytes(size) : '–'}
          </li>
        ))}
      </ul>
      <p className={problem ? 'wrong' : 'hint number'}>
        {problem
          ? `${problem}.`
          : plan
            ? `${isEva ? w.atMost : w.exact} ${w.trainable(parameters(plan.trainableParameters))}.`
            : isReady
              ? w.planning
              : w.later}
      </p>
    </section>
  );
}
