import { useStore } from 'zustand';
import type { Finding } from '../../engine/protocol.ts';
import { Note } from '../controls/note.tsx';
import { ProgressLine } from '../controls/progress.tsx';
import { count } from '../format.ts';
import { dataStore } from './data-store.ts';
import { checkUp, doctorStore, fix, stopCheck } from './doctor-store.ts';
import { useLocked } from './locked.ts';
import { ask } from './table-store.ts';
import { words } from './words.ts';

export function Doctor() {
  const { findings, progress, problem, version } = useStore(doctorStore);
  const now = useStore(dataStore, (s) => s.report?.version);
  const w = words.doctor;
  return (
    <section className="card stack-tight" aria-labelledby="doctor">
      <div className="line line-apart">
        <h2 id="doctor">{w.title}</h2>
        {progress ? (
          <button type="button" className="button" onClick={stopCheck}>
            {w.stop}
          </button>
        ) : (
          <button type="button" className="button" onClick={() => void checkUp(true)}>
            {findings ? w.again : w.check}
          </button>
        )}
      </div>
      <p className="small soft">{w.lead}</p>
      {progress && progress.total > 0 && <ProgressLine progress={progress} />}
      {problem && <Note>{problem}.</Note>}
      {findings?.length === 0 && <p>{w.healthy}</p>}
      {findings && !progress && version !== now && <p className="hint">{w.outdated}</p>}
      {findings && findings.length > 0 && (
        <ul className="doctor-list">
          {findings.map((finding) => (
            <li key={finding.kind}>
              <Found finding={finding} isOutdated={version !== now} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Found({ finding, isOutdated }: { finding: Finding; isOutdated: boolean }) {
  const { kind, rows, examples } = finding;
  const locked = useLocked();
  /** A dataset of one file is called like it: nobody has to be told which file a line is of. */
  const only = useStore(dataStore, (s) => s.report?.name);
  const w = words.doctor;
  const [name, means] = w.says[kind];
  return (
    <details className="doctor-finding">
      <summary className="notices-head">
        <h3>{name}</h3>
        <span className="pill number">{count(rows)}</span>
      </summary>
      <div className="stack-tight">
        <p className="small">{means}</p>
        <ul className="small">
          {examples.map(({ index, file, line, text }) => (
            <li key={index} className="doctor-example">
              <span className="soft number breaks">{file === only ? words.line(line) : w.where(file, line)}</span>
              <bdi className="breaks">{text}</bdi>
            </li>
          ))}
        </ul>
        <div className="line">
          <button type="button" className="button" disabled={locked || isOutdated} onClick={() => void fix(kind)}>
            {w.fix[kind]}
          </button>
          <button type="button" className="button" onClick={() => ask({ show: kind, search: '' })}>
            {w.show}
          </button>
        </div>
      </div>
    </details>
  );
}
