import { useStore } from 'zustand';
import { bytes } from '../format.ts';
import { deviceStore } from '../shell/device-store.ts';
import { words as shell } from '../shell/words.ts';
import { words } from './words.ts';

export function DeviceCard() {
  const report = useStore(deviceStore, (s) => s.report);
  const w = shell.device;
  return (
    <section className="card stack-tight" aria-labelledby="this-device">
      <h2 id="this-device">{words.device}</h2>
      {report?.status === 'ok' ? (
        <dl className="facts number">
          <dt>{w.label}</dt>
          <dd className="breaks">{report.name}</dd>
          <dt>{w.buffer}</dt>
          <dd>{bytes(report.limits.maxBufferBytes)}</dd>
          <dt>{w.binding}</dt>
          <dd>{bytes(report.limits.maxBindingBytes)}</dd>
        </dl>
      ) : (
        <p className="soft small">{report ? w.none : w.looking}</p>
      )}
    </section>
  );
}
