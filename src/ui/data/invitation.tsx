import { useId } from 'react';
import { useStore } from 'zustand';
import { baseStore } from '../base/base-store.ts';
import { Icon } from '../controls/icon.tsx';
import { Pick } from '../controls/pick.tsx';
import { ProgressLine } from '../controls/progress.tsx';
import { parameters } from '../format.ts';
import { placeHref } from '../shell/place-store.ts';
import { DATA_ENDINGS } from '../shell/sort-files.ts';
import { takeFiles } from '../shell/take-files.ts';
import { AddData } from './add-data.tsx';
import { Examples } from './examples.tsx';
import { loopStore, showLoop } from './show-loop.ts';
import { words } from './words.ts';

/** The first visit: what this is, one big place to drop something, and an example one click away. */
export function Invitation() {
  const w = words.invite;
  return (
    <div className="place invitation">
      <header>
        <h1>{w.title}</h1>
        <p className="invitation-lead">{w.lead}</p>
      </header>
      <ol className="invitation-steps">
        {w.steps.map(([verb, what], i) => (
          <li key={verb}>
            <span className="invitation-number" aria-hidden="true">
              {i + 1}
            </span>
            <span>
              <strong>{verb}</strong> {what}
            </span>
          </li>
        ))}
      </ol>
      <section className="drop-zone drop-zone-big" aria-label={w.dropHere}>
        <h2 className="invitation-drop">{w.dropHere}</h2>
        <Pick
          name={w.input}
          className="button button-main button-big"
          accept={DATA_ENDINGS.join(',')}
          onFiles={(files) => takeFiles(files)}
        >
          <Icon name="file" /> {w.pick}
        </Pick>
        <p className="soft small">{w.kinds}</p>
        <AddData hasFiles />
      </section>
      <section className="stack-tight" aria-labelledby="examples">
        <ShowLoop />
        <Examples />
      </section>
      <BaseLine />
    </div>
  );
}

/** Rests until a base is open. */
function ShowLoop() {
  const isOpen = useStore(baseStore, (s) => s.status === 'open');
  const isOpening = useStore(baseStore, (s) => s.status === 'opening');
  const isGoing = useStore(loopStore, (s) => s.isGoing);
  const id = useId();
  return (
    <div className="line line-apart">
      <div className="invitation-loop">
        <h2 id="examples">{words.invite.examples}</h2>
        <p className="soft small" id={id}>
          {words.invite.showLoopHint} {isOpening && words.invite.showLoopSoon}
        </p>
      </div>
      <button
        type="button"
        className="button"
        disabled={!isOpen || isGoing}
        aria-describedby={id}
        onClick={() => void showLoop()}
      >
        {words.invite.showLoop}
      </button>
    </div>
  );
}

function BaseLine() {
  const { status, source, report, progress } = useStore(baseStore);
  const w = words.base;
  const isSmall = status === 'open' && source?.kind === 'bundled';
  const says = { none: w.none, opening: w.opens, open: w.ready, failed: w.failed }[status];
  return (
    <section className="card invitation-base" aria-label={w.title}>
      <p className="line">
        <span className="eyebrow">{w.title}</span>
        {report && <strong>{report.name}</strong>}
        {report && <span className="soft number">{parameters(report.parameters)}</span>}
        <span className="soft">{isSmall ? w.small : says}</span>
        <a href={placeHref('base')} className="invitation-look">
          {words.toBase}
        </a>
      </p>
      {status === 'opening' && progress && <ProgressLine base progress={progress} />}
    </section>
  );
}
