import { useStore } from 'zustand';
import type { AdapterRecord } from '../../engine/protocol.ts';
import { Note } from '../controls/note.tsx';
import { ProgressLine } from '../controls/progress.tsx';
import { waysOut } from '../shell/ways-out.ts';
import { words as shellWords } from '../shell/words.ts';
import { exportAdapter, exportStore, showWritten } from './export-store.ts';
import { HowToUse } from './how-to-use.tsx';
import { PushDialog } from './push-dialog.tsx';
import { pushStore } from './push-store.ts';
import { words } from './words.ts';

/** How far an export of this adapter is, how its last file is used, and its way to the Hub. */
export function ExportLine({ adapter }: { adapter: AdapterRecord }) {
  const isPushing = useStore(pushStore, (s) => s.id === adapter.id);
  const progress = useStore(exportStore, (s) => (s.id === adapter.id ? s.progress : undefined));
  return (
    <>
      {progress ? <ProgressLine progress={progress} /> : <HowToUse adapter={adapter} />}
      <NotWritten adapter={adapter} />
      {isPushing && <PushDialog adapter={adapter} />}
    </>
  );
}

/** Why there is no file, and what can be done. */
function NotWritten({ adapter }: { adapter: AdapterRecord }) {
  const failed = useStore(exportStore, (s) => (s.failed?.id === adapter.id ? s.failed : undefined));
  if (failed === undefined) return null;
  const { problem, format } = failed;
  const isFull = /storage .* is full/.test(problem);
  return (
    <Note
      title={words.formats.failed}
      ways={[
        { label: words.again, onClick: () => void exportAdapter(adapter, format) },
        ...waysOut(problem).filter(({ label }) => label !== shellWords.ways.library),
        { label: words.dismiss, onClick: () => showWritten(undefined) },
      ]}
    >
      {problem}. {isFull && words.formats.makeRoom}
    </Note>
  );
}
