import { useState } from 'react';
import { useStore } from 'zustand';
import { Dialog } from '../controls/dialog.tsx';
import { NumberField } from '../controls/number-field.tsx';
import { changeRate, runStore } from './run-store.ts';
import { ruleFor } from './settings-rules.ts';
import { words } from './words.ts';

/** While a run goes on: another learning rate from the next step on. */
export function ChangeRate() {
  const canChange = useStore(runStore, (s) => (s.phase === 'running' || s.phase === 'paused') && !s.isStopping);
  const now = useStore(runStore, (s) => s.figures.rate ?? s.settings?.learningRate);
  const [draft, setDraft] = useState<number>();
  const w = words.rate;
  const close = () => setDraft(undefined);
  return (
    <>
      <button
        type="button"
        className="link-button small"
        aria-label={w.title}
        disabled={!canChange}
        onClick={() => setDraft(now)}
      >
        {w.change}
      </button>
      {draft !== undefined && (
        <Dialog title={w.title} onClose={close}>
          <NumberField rule={ruleFor('learningRate')} value={draft} onChange={setDraft} />
          <p className="soft small">{w.body}</p>
          <div className="line">
            <button
              type="button"
              className="button button-main"
              disabled={draft === now || !canChange}
              onClick={() => {
                void changeRate(draft);
                close();
              }}
            >
              {w.use}
            </button>
            <button type="button" className="button" onClick={close}>
              {w.cancel}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}
