// Every file that comes in, dropped or picked, goes through here and lands in the place it belongs to.
import { openBase } from '../base/base-store.ts';
import { openOrAsk } from '../data/replace-dialog.tsx';
import { importAdapter } from '../library/library-store.ts';
import { openRecipeFile } from '../recipes/offer-store.ts';
import { isRunning } from '../train/run-store.ts';
import { goTo } from './place-store.ts';
import { sortFiles } from './sort-files.ts';
import { clearTrouble, showTrouble } from './trouble-store.ts';

export function takeFiles(files: readonly File[], folder?: string): void {
  const dropped = sortFiles(files);
  clearTrouble();
  if (dropped.kind === 'unknown') {
    showTrouble(new Error(dropped.reason));
  } else if (dropped.kind === 'adapter') {
    goTo('library');
    void importAdapter(dropped.files);
  } else if (dropped.kind === 'recipe') {
    void openRecipeFile(dropped.file);
  } else if (isRunning()) {
    showTrouble(new Error('Cannot change the base or the data while a run goes on: stop it first'));
  } else if (dropped.kind === 'model') {
    goTo('base');
    void openBase({
      kind: 'files',
      name: folder ?? folderOf(dropped.files[0]) ?? ggufOf(dropped.files) ?? 'Dropped model',
      files: dropped.files,
    });
  } else {
    goTo('data');
    openOrAsk(dropped.files);
  }
}

function folderOf(file: File | undefined): string | undefined {
  return file?.webkitRelativePath.split('/')[0] || undefined;
}

/** One file needs no folder to have a name. */
function ggufOf(files: readonly File[]): string | undefined {
  return files.find((file) => /\.gguf$/i.test(file.name))?.name.replace(/\.gguf$/i, '');
}
