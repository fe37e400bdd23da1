import { lazy, Suspense, useEffect, useState } from 'react';
import { useStore } from 'zustand';
import { Icon } from '../controls/icon.tsx';
import { Note } from '../controls/note.tsx';
import { Pick } from '../controls/pick.tsx';
import { labStore } from '../lab/lab-store.ts';
import { placeHref } from '../shell/place-store.ts';
import { waysOut } from '../shell/ways-out.ts';
import { AdapterList } from './adapter-list.tsx';
import { BackupPanel } from './backup-panel.tsx';
import { DeletedList } from './deleted-list.tsx';
import { findAdapters, type Search, tagsOf } from './find-adapters.ts';
import { importAdapter, libraryStore, refreshLibrary, restoreAdapter } from './library-store.ts';
import { SearchBar } from './search-bar.tsx';
import { StoragePanel } from './storage-panel.tsx';
import { words } from './words.ts';
import './library.css';

/** With fewer, everything is in sight. */
const SEARCH_FROM = 4;

/** Loaded when the first adapter is looked into. */
const LabView = lazy(() => import('../lab/lab-view.tsx'));

export function LibraryPlace() {
  const lab = useStore(labStore, (s) => s.adapter);
  if (lab === undefined) return <Library />;
  return (
    <Suspense fallback={null}>
      <LabView adapter={lab} />
    </Suspense>
  );
}

function Library() {
  const { adapters, status } = useStore(libraryStore);
  const [search, setSearch] = useState<Search>({ text: '', tag: undefined, order: 'newest' });
  const found = findAdapters(adapters, search);
  const hasSearch = adapters.length >= SEARCH_FROM || tagsOf(adapters).length > 0;
  return (
    <div className="place library-place stack">
      <Head />
      <Problems />
      <JustDeleted />
      {hasSearch && <SearchBar search={search} adapters={adapters} found={found.length} onSearch={setSearch} />}
      {adapters.length === 0 && status !== 'failed' ? <Empty /> : <AdapterList adapters={found} />}
      <DeletedList />
      <div className="library-keeping">
        <StoragePanel />
        <BackupPanel />
      </div>
    </div>
  );
}

function Head() {
  const { adapters, isImporting } = useStore(libraryStore);
  return (
    <header className="line line-apart">
      <div>
        <h1>{words.title}</h1>
        <p className="soft number">{isImporting ? words.importing : words.lead(adapters.length)}</p>
      </div>
      <div className="line">
        <Pick name={words.importInput} disabled={isImporting} onFiles={(files) => void importAdapter(files)}>
          <Icon name="file" /> {words.import}
        </Pick>
        <Pick
          folder
          name={words.importFolderInput}
          disabled={isImporting}
          onFiles={(files) => void importAdapter(files)}
        >
          <Icon name="folder" /> {words.importFolder}
        </Pick>
      </div>
    </header>
  );
}

function Problems() {
  const { status, problem, importProblem } = useStore(libraryStore);
  return (
    <>
      {importProblem && (
        <Note
          title={words.importFailed}
          ways={[
            ...waysOut(importProblem),
            { label: words.dismiss, onClick: () => libraryStore.setState({ importProblem: undefined }) },
          ]}
        >
          {words.sentence(importProblem)}
        </Note>
      )}
      {status === 'failed' && (
        <Note title={words.failed} ways={[{ label: words.again, onClick: () => void refreshLibrary() }]}>
          {words.sentence(problem ?? '')}
        </Note>
      )}
    </>
  );
}

/** Stands until something else is done; the list below has it for a week. */
function JustDeleted() {
  const adapter = useStore(libraryStore, (s) => s.justDeleted);
  useEffect(() => () => libraryStore.setState({ justDeleted: undefined }), []);
  if (!adapter) return null;
  return (
    <div className="card line line-apart adapter-undo" role="status">
      <span className="breaks">{words.deletedNow(adapter.name)}</span>
      <button
        type="button"
        className="button"
        // biome-ignore lint/a11y/noAutofocus: the button that had the focus is gone with its card
        autoFocus
        onClick={() => void restoreAdapter(adapter)}
      >
        {words.undo}
      </button>
    </div>
  );
}

function Empty() {
  return (
    <section className="drop-zone drop-zone-big" aria-label={words.empty}>
      <h2>{words.empty}</h2>
      <p className="soft">{words.emptyBody}</p>
      <div className="line">
        <a className="button button-main" href={placeHref('data')}>
          {words.toData}
        </a>
        <a className="button" href={placeHref('train')}>
          {words.toTrain}
        </a>
      </div>
    </section>
  );
}
