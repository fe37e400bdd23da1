import { useEffect, useState } from 'react';
import { readDrop } from './read-drop.ts';
import { takeFiles } from './take-files.ts';
import { showTrouble } from './trouble-store.ts';
import { words } from './words.ts';

const bringsFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;

/** The whole page takes files; while something hangs over it, it says so. */
export function DropLayer() {
  const [over, setOver] = useState(false);
  useEffect(() => {
    let depth = 0;
    const listening = new AbortController();
    const on = (type: 'dragenter' | 'dragover' | 'dragleave' | 'drop', act: (event: DragEvent) => void) =>
      addEventListener(type, (event) => bringsFiles(event) && act(event), { signal: listening.signal });
    on('dragenter', () => setOver(++depth > 0));
    on('dragleave', () => setOver(--depth > 0));
    on('dragover', (event) => event.preventDefault());
    on('drop', (event) => {
      event.preventDefault();
      depth = 0;
      setOver(false);
      if (!event.dataTransfer) return;
      readDrop(event.dataTransfer).then(({ files, folder }) => takeFiles(files, folder), showTrouble);
    });
    return () => listening.abort();
  }, []);
  if (!over) return null;
  return (
    <div className="drop-layer" aria-hidden="true">
      <div className="drop-layer-frame">
        <p className="drop-layer-title">{words.drop.title}</p>
        <p>{words.drop.body}</p>
      </div>
    </div>
  );
}
