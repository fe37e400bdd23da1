import { useStore } from 'zustand';
import { baseStore } from '../base/base-store.ts';
import { Note } from '../controls/note.tsx';
import { Pick } from '../controls/pick.tsx';
import { ProgressLine } from '../controls/progress.tsx';
import { count } from '../format.ts';
import { goTo, placeHref } from '../shell/place-store.ts';
import { takeFiles } from '../shell/take-files.ts';
import { running, runStore } from '../train/run-store.ts';
import { startRun } from '../train/start-run.ts';
import { useWhyNotStart } from '../train/why-not-start.ts';
import { dataStore, forgetData } from './data-store.ts';
import { words } from './words.ts';

export function DataSummary() {
  const { status, files, report, progress, problem } = useStore(dataStore);
  const locked = useStore(runStore, running);
  const name = report?.name ?? files.map((file) => file.name).join(', ');
  return (
    <section className="card data-summary" aria-label={words.title}>
      <div className="line line-apart data-summary-head">
        <div>
          <p className="eyebrow">{words.title}</p>
          <h1 className="breaks">{name}</h1>
        </div>
        <div className="line">
          <Pick name={words.invite.input} disabled={locked} onFiles={(picked) => takeFiles(picked)}>
            {words.another}
          </Pick>
          <button type="button" className="button" disabled={locked} onClick={forgetData}>
            {words.remove}
          </button>
        </div>
      </div>
      {report && <Counts />}
      {status === 'waiting' && <Waiting />}
      {status === 'reading' && (
        <ProgressLine progress={progress ?? { what: words.reading, done: 0, total: 0, unit: 'rows' }} />
      )}
      {status === 'failed' && <Note title={words.failed}>{problem}.</Note>}
      {status === 'ready' && <Onward />}
    </section>
  );
}

function Counts() {
  const report = useStore(dataStore, (s) => s.report)!;
  const w = words.counts;
  const share = report.tokens > 0 ? Math.round((report.supervisedTokens / report.tokens) * 100) : 0;
  const counts: readonly (readonly [string, string, string?])[] = [
    [count(report.rows), w.rows],
    [count(report.tokens), w.tokens],
    [`${share} %`, w.supervised, 'data-count-learned'],
    [count(report.longestRow), w.longest],
    [count(report.skipped.length), w.skipped, report.skipped.length > 0 ? 'data-count-bad' : ''],
    [count(report.warnings.length), w.warnings, report.warnings.length > 0 ? 'data-count-warn' : ''],
  ];
  return (
    <dl className="data-counts number">
      {counts.map(([value, name, look]) => (
        <div key={name} className={look}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Waiting() {
  const opening = useStore(baseStore, (s) => s.status === 'opening');
  const progress = useStore(baseStore, (s) => s.progress);
  return (
    <div className="stack-tight">
      <p>
        <strong>{words.waiting}.</strong> {opening ? words.waitingBody : words.waitingNoBase}
      </p>
      {progress && <ProgressLine base progress={progress} />}
      {!opening && (
        <a className="button data-to-base" href={placeHref('base')}>
          {words.toBase}
        </a>
      )}
    </div>
  );
}

function Onward() {
  const report = useStore(dataStore, (s) => s.report)!;
  const reason = useWhyNotStart();
  if (report.rows === 0) return <Note>{report.problem ?? words.noRows}</Note>;
  if (report.supervisedTokens === 0) return <Note>{words.nothingSupervised}</Note>;
  const start = () => {
    void startRun();
    goTo('train');
  };
  return (
    <div className="line">
      <button type="button" className="button button-main button-big" disabled={reason !== undefined} onClick={start}>
        {words.train}
      </button>
      <a className="button button-big" href={placeHref('train')}>
        {words.settings}
      </a>
      {reason && <span className="small soft">{reason}</span>}
    </div>
  );
}
