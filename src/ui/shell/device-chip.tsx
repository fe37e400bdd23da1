import { useState } from 'react';
import { useStore } from 'zustand';
import type { DeviceReport } from '../../engine/protocol.ts';
import { Dialog } from '../controls/dialog.tsx';
import { bytes } from '../format.ts';
import { ReportOffer } from '../report/report-offer.tsx';
import { deviceStore } from './device-store.ts';
import { words } from './words.ts';

export function DeviceChip() {
  const report = useStore(deviceStore, (s) => s.report);
  const problem = useStore(deviceStore, (s) => s.problem);
  const [open, setOpen] = useState(false);
  const w = words.device;
  if (!report) return <span className="chip chip-still">{problem ? w.none : w.looking}</span>;
  if (report.status !== 'ok') return <span className="chip chip-still chip-bad">{w.none}</span>;
  return (
    <>
      <button
        type="button"
        className={report.isSoftware ? 'chip chip-device chip-software' : 'chip chip-device'}
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        <span className="unseen">{w.label}: </span>
        <span className="chip-text">{report.name}</span>
        {report.isSoftware && !report.name.includes(w.software) && <b className="chip-warn">{w.software}</b>}
      </button>
      {open && (
        <Dialog title={report.name} onClose={() => setOpen(false)}>
          <DeviceFacts report={report} />
          <ReportOffer />
        </Dialog>
      )}
    </>
  );
}

function DeviceFacts({ report }: { report: DeviceReport }) {
  const w = words.device;
  const facts = [
    [w.vendor, report.vendor],
    [w.architecture, report.architecture],
    [w.buffer, bytes(report.limits.maxBufferBytes)],
    [w.binding, bytes(report.limits.maxBindingBytes)],
    [w.workgroup, bytes(report.limits.maxWorkgroupBytes)],
    [w.features, report.features.join(', ') || w.noFeatures],
  ];
  return (
    <dl className="facts number">
      {facts.map(([name, value]) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt>{name}</dt>
          <dd className="breaks">{value || '–'}</dd>
        </div>
      ))}
    </dl>
  );
}
