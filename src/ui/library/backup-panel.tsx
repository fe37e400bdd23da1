import { useStore } from 'zustand';
import { Icon } from '../controls/icon.tsx';
import { Note } from '../controls/note.tsx';
import { Pick } from '../controls/pick.tsx';
import { ProgressLine } from '../controls/progress.tsx';
import { backupStore, readBackup, writeBackup } from './backup-store.ts';
import { words } from './words.ts';

/** Everything in one file, and back. */
export function BackupPanel() {
  const { doing, progress, problem, outcome } = useStore(backupStore);
  const w = words.backup;
  const isBusy = doing !== 'nothing';
  return (
    <section className="card stack-tight" aria-labelledby="backup">
      <h2 id="backup">{w.title}</h2>
      <p className="soft small">{w.lead}</p>
      <div className="line">
        <button type="button" className="button" disabled={isBusy} onClick={() => void writeBackup()}>
          <Icon name="download" /> {w.write}
        </button>
        <Pick
          name={w.input}
          accept=".zip"
          disabled={isBusy}
          onFiles={([file]) => {
            if (file) void readBackup(file);
          }}
        >
          <Icon name="file" /> {w.restore}
        </Pick>
      </div>
      {isBusy && progress && <ProgressLine progress={progress} />}
      {outcome && <p className="hint">{words.sentence(outcome)}</p>}
      {problem && (
        <Note
          title={w.failed}
          ways={[{ label: words.dismiss, onClick: () => backupStore.setState({ problem: undefined }) }]}
        >
          {words.sentence(problem)}
        </Note>
      )}
    </section>
  );
}
