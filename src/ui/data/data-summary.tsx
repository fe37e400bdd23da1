import { useStore } from 'zustand';
import { baseStore } from '../base/base-store.ts';
import { Note, type WayOut } from '../controls/note.tsx';
import { Pick } from '../controls/pick.tsx';
import { ProgressLine } from '../controls/progress.tsx';
import { engine } from '../engine.ts';
import { saveBlob } from '../library/save-bytes.ts';
import { goTo, placeHref } from '../shell/place-store.ts';
import { takeFiles } from '../shell/take-files.ts';
import { showTrouble } from '../shell/trouble-store.ts';
import { FewSteps } from '../train/few-steps.tsx';
import { running, runStore } from '../train/run-store.ts';
import { startRun } from '../train/start-run.ts';
import { useWhyNotStart } from '../train/why-not-start.ts';
import { AddData } from './add-data.tsx';
import { DataCounts } from './data-counts.tsx';
import { correct, dataStore, forgetData, stopReading } from './data-store.ts';
import { showMapping } from './mapping.tsx';
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
          <button type="button" className="button" disabled={!report} onClick={() => void saveRows()}>
            {words.save}
          </button>
          <button type="button" className="button" disabled={locked} onClick={forgetData}>
            {words.remove}
          </button>
        </div>
      </div>
      <AddData />
      {report && report.problem === undefined && <DataCounts report={report} />}
      {status === 'waiting' && <Waiting />}
      {status === 'reading' && (
        <div className="data-progress">
          <ProgressLine progress={progress ?? { what: words.reading, done: 0, total: 0, unit: 'rows' }} />
          <button type="button" className="button" onClick={stopReading}>
            {words.stop}
          </button>
        </div>
      )}
      {status === 'ready' && report && report.pending > 0 && (
        <Note warn ways={[{ label: words.goOn, onClick: () => void correct({}) }]}>
          {words.pending(report.pending)}
        </Note>
      )}
      {status === 'failed' && <Failed problem={problem ?? ''} />}
      {status === 'ready' && <Onward />}
    </section>
  );
}

/** The rows as they are now, under the name that they came with. */
async function saveRows(): Promise<void> {
  try {
    const { name = '' } = dataStore.getState().report ?? {};
    saveBlob(`${name.replace(/\.[^.]+$/, '')}.jsonl`, await engine().data.exportRows());
  } catch (error) {
    showTrouble(error);
  }
}

function Failed({ problem }: { problem: string }) {
  const isCorrected = useStore(dataStore, (s) => s.mapping !== undefined);
  const ways: WayOut[] = [{ label: words.startOver, onClick: forgetData }];
  if (isCorrected) ways.unshift({ label: words.detectAgain, onClick: () => void correct({ mapping: undefined }) });
  return (
    <Note title={words.failed} ways={ways}>
      {problem}.
    </Note>
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
  if (report.rows === 0)
    return report.problem === undefined ? (
      <Note>{words.noRows}</Note>
    ) : (
      <Note title={words.notUnderstood} ways={[{ label: words.chooseColumns, onClick: showMapping }]}>
        {report.problem}.
      </Note>
    );
  if (report.supervisedTokens === 0) return <Note>{words.nothingSupervised}</Note>;
  const start = () => {
    void startRun();
    goTo('train');
  };
  return (
    <div className="line data-onward thumb-bar">
      <button type="button" className="button button-main button-big" disabled={reason !== undefined} onClick={start}>
        {words.train}
      </button>
      <a className="button button-big" href={placeHref('train')}>
        {words.settings}
      </a>
      <FewSteps />
      {reason && <span className="small soft data-onward-reason">{reason}</span>}
    </div>
  );
}
