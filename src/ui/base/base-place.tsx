import { useStore } from 'zustand';
import { Note, type WayOut } from '../controls/note.tsx';
import { ProgressLine } from '../controls/progress.tsx';
import { placeHref } from '../shell/place-store.ts';
import { AnotherBase } from './another-base.tsx';
import { BaseFacts } from './base-facts.tsx';
import { BUNDLED, baseStore, cancelOpening, openBase, sourceName } from './base-store.ts';
import { DeviceCard } from './device-card.tsx';
import { FromHub } from './from-hub.tsx';
import { words } from './words.ts';
import './base.css';

export function BasePlace() {
  return (
    <div className="place base-place">
      <div className="stack">
        <section className="card base-card" aria-label={words.title}>
          <BaseState />
        </section>
        <AnotherBase />
      </div>
      <div className="stack">
        <FromHub />
        <DeviceCard />
      </div>
    </div>
  );
}

function BaseState() {
  const { status, source, report, progress, problem } = useStore(baseStore);
  if (status === 'open' && report) {
    return (
      <>
        <header className="base-head">
          <p className="eyebrow">{words.title}</p>
          <h1 className="breaks">{report.name}</h1>
          <p className="soft">{words.lead}</p>
          {source?.kind === 'bundled' && <p className="soft">{words.bundledLead}</p>}
        </header>
        <BaseFacts report={report} />
        <a className="button button-main" href={placeHref('data')}>
          {words.next}
        </a>
      </>
    );
  }
  if (status === 'opening' && source) {
    return (
      <>
        <header className="base-head">
          <p className="eyebrow">{words.title}</p>
          <h1 className="breaks">{words.openingTitle(sourceName(source))}</h1>
          <p className="soft">{words.lead}</p>
        </header>
        <ProgressLine
          base
          progress={{ ...(progress ?? { done: 0, total: 0, unit: 'bytes' }), what: words.readingBase[source.kind] }}
        />
        <button type="button" className="button" onClick={cancelOpening}>
          {words.cancel}
        </button>
      </>
    );
  }
  if (status === 'failed' && source) {
    const ways: WayOut[] = [{ label: words.again, onClick: () => void openBase(source) }];
    if (source.kind !== 'bundled') ways.push({ label: words.bundled, onClick: () => void openBase(BUNDLED()) });
    return (
      <>
        <h1 className="breaks">{sourceName(source)}</h1>
        <Note title={words.failed} ways={ways}>
          {problem}. {source.kind === 'hub' && /^Cannot reach/.test(problem ?? '') && words.hub.resumes}
        </Note>
      </>
    );
  }
  return (
    <header className="base-head">
      <p className="eyebrow">{words.title}</p>
      <h1>{words.none}</h1>
      <p className="soft">{words.noneBody}</p>
    </header>
  );
}
