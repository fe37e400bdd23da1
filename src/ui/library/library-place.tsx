import { useStore } from 'zustand';
import { Icon } from '../controls/icon.tsx';
import { Note } from '../controls/note.tsx';
import { Pick } from '../controls/pick.tsx';
import { placeHref } from '../shell/place-store.ts';
import { AdapterCard } from './adapter-card.tsx';
import { importAdapter, libraryStore, refreshLibrary } from './library-store.ts';
import { words } from './words.ts';
import './library.css';

export function LibraryPlace() {
  const { adapters, status, problem, isImporting, importProblem } = useStore(libraryStore);
  return (
    <div className="place library-place stack">
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
      {importProblem && (
        <Note
          title={words.importFailed}
          ways={[{ label: words.dismiss, onClick: () => libraryStore.setState({ importProblem: undefined }) }]}
        >
          {importProblem}.
        </Note>
      )}
      {status === 'failed' && (
        <Note title={words.failed} ways={[{ label: words.again, onClick: () => void refreshLibrary() }]}>
          {problem}.
        </Note>
      )}
      {adapters.length === 0 && status !== 'failed' ? (
        <Empty />
      ) : (
        <ul className="adapter-list">
          {adapters.map((adapter) => (
            <li key={adapter.id}>
              <AdapterCard adapter={adapter} />
            </li>
          ))}
        </ul>
      )}
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
