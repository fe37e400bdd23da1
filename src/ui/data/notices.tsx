import { useStore } from 'zustand';
import type { DatasetNotice, DatasetReport } from '../../engine/protocol.ts';
import { count } from '../format.ts';
import { dataStore } from './data-store.ts';
import { words } from './words.ts';

/** A list that nobody reads to its end may not slow the page down; the count stays exact. */
const MAX_SHOWN = 200;

export function Notices(props: { title: string; pick: (report: DatasetReport) => readonly DatasetNotice[] }) {
  const report = useStore(dataStore, (s) => s.report);
  const notices = report ? props.pick(report) : [];
  if (notices.length === 0) return null;
  const manyFiles = new Set(notices.map((notice) => notice.file)).size > 1;
  return (
    <section className="card" aria-label={props.title}>
      <details open={notices.length <= 12}>
        <summary className="notices-head">
          <h2>{props.title}</h2>
          <span className="pill number">{count(notices.length)}</span>
        </summary>
        <ul className="notices small">
          {notices.slice(0, MAX_SHOWN).map((notice, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a finished list; two notices may be alike
            <li key={i}>
              <span className="number soft notice-line">
                {manyFiles && `${notice.file}, `}
                {words.line(notice.line)}
              </span>
              <span className="breaks">{notice.reason}</span>
            </li>
          ))}
        </ul>
        {notices.length > MAX_SHOWN && <p className="small soft">{words.more(notices.length - MAX_SHOWN)}</p>}
      </details>
    </section>
  );
}
