// Files of a drop, folders opened (two levels deep are plenty: a model folder is flat).
const MAX_DEPTH = 2;
/** A home folder dropped by mistake should not be walked to its end. */
const MAX_FILES = 2000;

export interface DropContents {
  readonly files: readonly File[];
  /** The dropped folder's name, if it was one folder. */
  readonly folder: string | undefined;
}

export async function readDrop(transfer: DataTransfer): Promise<DropContents> {
  // Entries have to be taken before the first await: the list is emptied when the event is over.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return { files: [...transfer.files], folder: undefined };
  const files: File[] = [];
  for (const entry of entries) await collect(entry, 0, files);
  const only = entries.length === 1 ? entries[0] : undefined;
  return { files, folder: only?.isDirectory ? only.name : undefined };
}

async function collect(entry: FileSystemEntry, depth: number, into: File[]): Promise<void> {
  if (into.length >= MAX_FILES) return;
  if (entry.isFile) {
    into.push(await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
  } else if (depth < MAX_DEPTH) {
    for (const child of await children(entry as FileSystemDirectoryEntry)) await collect(child, depth + 1, into);
  }
}

/** readEntries gives about 100 at a time and an empty list at the end. */
async function children(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0 || all.length >= MAX_FILES) return all;
    all.push(...some);
  }
}
