// The origin's private file system with what an earlier visit has left in it; nothing can be written.

type Folder = ReadonlyMap<string, Uint8Array>;

/** `folders`: files of each folder of the root. As navigator.storage. */
export function readOnlyOpfs(folders: ReadonlyMap<string, Folder>): Pick<StorageManager, 'getDirectory'> {
  const missing = (name: string) => Promise.reject(new DOMException(`no ${name}`, 'NotFoundError'));
  const folderHandle = (files: Folder) => ({
    getFileHandle: (name: string, { create = false } = {}) => {
      const bytes = files.get(name);
      if (bytes === undefined || create) return missing(name);
      return Promise.resolve({ getFile: async () => new File([bytes as Uint8Array<ArrayBuffer>], name) });
    },
    removeEntry: missing,
  });
  const root = {
    getDirectoryHandle: (name: string) => {
      const files = folders.get(name);
      return files === undefined ? missing(name) : Promise.resolve(folderHandle(files));
    },
  };
  return { getDirectory: async () => root as unknown as FileSystemDirectoryHandle };
}
