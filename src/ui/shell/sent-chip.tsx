import { useState } from 'react';
import { useStore } from 'zustand';
import { Dialog } from '../controls/dialog.tsx';
import { bytes } from '../format.ts';
import { appStore, install } from './app-store.ts';
import { perHost, sentBytes, sentStore } from './sent-store.ts';
import { words } from './words.ts';

export function SentChip() {
  const foreign = useStore(sentStore, (s) => s.foreign);
  const sent = useStore(sentStore, sentBytes);
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
        {w.chip} <b className="number">{foreign > 0 ? w.unknown : bytes(sent)}</b>
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
  const { foreign, blocked } = useStore(sentStore);
  const sent = useStore(sentStore, sentBytes);
  const policy = document.querySelector('meta[http-equiv="Content-Security-Policy"]');
  const w = words.sent;
  return (
    <>
      <p>
        <strong>{foreign > 0 ? w.unknownLead : sent === 0 ? w.zeroLead : w.someLead(bytes(sent))}</strong>
      </p>
      <Hosts />
      <p className="small soft">{w.counted}</p>
      <p className="small soft">{policy ? w.policy : w.noPolicy}</p>
      <Offline />
      {blocked.length > 0 && <p className="wrong breaks">{w.blocked(blocked.join(', '))}</p>}
      {policy && (
        <details>
          <summary className="small">{w.showPolicy}</summary>
          <code className="sent-policy">{policy.getAttribute('content')}</code>
        </details>
      )}
      <Requests />
    </>
  );
}

function Hosts() {
  const hosts = perHost(useStore(sentStore), location.host);
  const w = words.sent;
  return (
    <table className="table number">
      <thead>
        <tr>
          <th scope="col">{w.host}</th>
          <th scope="col" className="right sent-asked">
            {w.asked}
          </th>
          <th scope="col" className="right">
            {w.sent}
          </th>
          <th scope="col" className="right">
            {w.got}
          </th>
        </tr>
      </thead>
      <tbody>
        {hosts.map(({ host, requests, sentBytes: sent, receivedBytes }) => (
          <tr key={host}>
            <th scope="row" className="breaks">
              {host === location.host ? w.ownHost(host) : host}
            </th>
            <td className="right sent-asked">{requests}</td>
            <td className="right">{bytes(sent)}</td>
            <td className="right">{bytes(receivedBytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Whether the page works without a network, and how to have it as an app. */
function Offline() {
  const { status, install: offer } = useStore(appStore);
  const w = words.app;
  return (
    <div className="line">
      <p className="small soft">{w.status[status]}</p>
      {offer && (
        <button type="button" className="button" onClick={() => void install()}>
          {w.install}
        </button>
      )}
    </div>
  );
}

function Requests() {
  const { requests, counted } = useStore(sentStore);
  const w = words.sent;
  return (
    <details>
      <summary className="small number">{w.requests(counted)}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard */}
      <section className="sent-scroll" tabIndex={0} aria-label={w.requests(counted)}>
        <table className="table small number">
          <thead>
            <tr>
              <th scope="col">{w.file}</th>
              <th scope="col" className="right">
                {w.got}
              </th>
            </tr>
          </thead>
          <tbody>
            {requests.map((request, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: an append-only list in which the same address may return
              <tr key={i}>
                <td className="breaks">{w.get(request.address)}</td>
                <td className="right">{request.receivedBytes > 0 ? bytes(request.receivedBytes) : w.fromCache}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
