import { useStore } from 'zustand';
import { baseStore } from '../base/base-store.ts';
import { words as baseWords } from '../base/words.ts';
import { dataStore } from '../data/data-store.ts';
import { bytes } from '../format.ts';
import { placeHref } from '../shell/place-store.ts';
import { words } from './words.ts';

/** The run's base and data, repeated in small above its settings. */
export function Given() {
  return (
    <div className="given">
      <GivenBase />
      <GivenData />
    </div>
  );
}

function GivenBase() {
  const { status, source, report } = useStore(baseStore);
  return (
    <a className="given-one given-base" href={placeHref('base')}>
      <span className="eyebrow">{words.base}</span>
      <b className="breaks">{report?.name ?? (status === 'opening' ? words.opening : words.noBase)}</b>
      <span className="hint number">
        {report
          ? [baseWords.scheme.label[report.quant], bytes(report.weightBytes), report.licence]
              .filter(Boolean)
              .join(' · ')
          : ' '}
      </span>
      {report && source?.kind === 'bundled' && <span className="hint">{words.smallBase}</span>}
    </a>
  );
}

function GivenData() {
  const { status, report, files } = useStore(dataStore);
  const state = {
    none: words.addData,
    waiting: words.waitingData,
    reading: words.readingData,
    failed: words.failedData,
    ready: '',
  }[status];
  return (
    <a className="given-one given-data" href={placeHref('data')}>
      <span className="eyebrow">{words.data}</span>
      <b className="breaks">{report?.name ?? files[0]?.name ?? words.noData}</b>
      <span className="hint number">
        {report ? words.rows(report.rows) : state}
        {report && report.skipped > 0 && ` · ${words.skipped(report.skipped)}`}
      </span>
    </a>
  );
}
