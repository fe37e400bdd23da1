import { useState } from 'react';
import { useStore } from 'zustand';
import { Dialog } from '../controls/dialog.tsx';
import { bytes } from '../format.ts';
import { sentStore } from './sent-store.ts';
import { words } from './words.ts';

export function SentChip() {
  const foreign = useStore(sentStore, (s) => s.foreign);
  const [open, setOpen] = useState(false);
  const w = words.sent;
  return (
    <>
      <button
        type="button"
        className={foreign > 0 ? 'chip chip-bad' : 'chip'}
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        {w.chip} <b className="number">{foreign > 0 ? w.unknown : w.zero}</b>
      </button>
      {open && (
        <Dialog title={w.title} onClose={() => setOpen(false)}>
          <SentList />
        </Dialog>
      )}
    </>
  );
}

function SentList() {
  const { requests, counted, foreign, blocked } = useStore(sentStore);
  const policy = document.querySelector('meta[http-equiv="Content-Security-Policy"]');
  const w = words.sent;
  return (
    <>
      <p>
        <strong>{foreign > 0 ? w.unknownLead : w.zeroLead}</strong>
      </p>
      <p className="small soft">{w.counted}</p>
      <p className="small soft">{policy ? w.policy : w.noPolicy}</p>
      {policy && <code className="sent-policy">{policy.getAttribute('content')}</code>}
      <p className="small soft">{w.offline}</p>
      {blocked.length > 0 && (
        <p className="wrong breaks">
          {w.blocked}: {blocked.join(', ')}
        </p>
      )}
      <h3 className="number">{w.requests(counted)}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard */}
      <section className="sent-scroll" tabIndex={0} aria-label={w.requests(counted)}>
        <table className="table small number">
          <thead>
            <tr>
              <th scope="col">{w.file}</th>
              <th scope="col">{w.host}</th>
              <th scope="col" className="right">
                {w.got}
              </th>
            </tr>
          </thead>
          <tbody>
            {requests.map((request, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: an append-only list in which the same address may return
              <tr key={i}>
                <td className="breaks">GET {request.address}</td>
                <td>{request.host}</td>
                <td className="right">{request.receivedBytes > 0 ? bytes(request.receivedBytes) : w.fromCache}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}
