import { useStore } from 'zustand';
import type { AdapterRecord } from '../../engine/protocol.ts';
import { labStore, verify } from './lab-store.ts';
import { words } from './words.ts';

const w = words.verify;

/** The kept files against their receipt, check by check. */
export function VerifyPanel({ adapter }: { adapter: AdapterRecord }) {
  const { verification, busy } = useStore(labStore);
  const failed = verification?.checks.filter(({ status }) => status === 'failed').length ?? 0;
  return (
    <section className="card stack-tight" aria-labelledby="lab-verify">
      <h2 id="lab-verify">{w.title}</h2>
      <p className="soft small">{w.lead}</p>
      {verification && (
        <div aria-live="polite">
          <p>
            <b>{failed === 0 ? w.passed : w.failed(failed)}</b>
          </p>
          <ul className="lab-checks small">
            {verification.checks.map(({ name, status, found }) => (
              <li key={name} className={`lab-check lab-check-${status}`}>
                <span aria-hidden="true">{w.marks[status]}</span>
                <span className="breaks">
                  <b>{name}</b> <span className="unseen">{w.status[status]}: </span>
                  {found}
                </span>
              </li>
            ))}
          </ul>
        </div>
      )}
      <div className="line">
        <button type="button" className="button" disabled={busy !== undefined} onClick={() => void verify(adapter.id)}>
          {busy === 'verify' ? w.busy : w.action}
        </button>
      </div>
    </section>
  );
}
