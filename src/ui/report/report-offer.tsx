import { Icon } from '../controls/icon.tsx';
import { saveBugRecord } from './save-bug-record.ts';
import { words } from './words.ts';

/** One button that gives a file to attach to a bug report. */
export function ReportOffer() {
  return (
    <section className="report-offer" aria-label={words.title}>
      <h3>{words.title}</h3>
      <p className="hint">{words.hint}</p>
      <SaveRecord />
    </section>
  );
}

export function SaveRecord() {
  return (
    <button type="button" className="button" onClick={() => void saveBugRecord()}>
      <Icon name="download" /> {words.save}
    </button>
  );
}
