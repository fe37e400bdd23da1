import { useStore } from 'zustand';
import { Note } from '../controls/note.tsx';
import { libraryStore, saveAdapter } from './library-store.ts';
import { words } from './words.ts';

/** Says that the storage has refused an adapter, and how to take it along all the same. */
export function Unsaved({ id }: { id: string }) {
  const reason = useStore(libraryStore, (s) => s.adapters.find((adapter) => adapter.id === id)?.unsaved);
  if (reason === undefined) return null;
  return (
    <Note title={words.unsaved.title} ways={[{ label: words.unsaved.download, onClick: () => void saveAdapter(id) }]}>
      {words.unsaved.body(reason)}
    </Note>
  );
}
