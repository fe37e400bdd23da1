// A path that cannot be read, in words: what Node says in codes.

const FOUND: Readonly<Record<string, string>> = {
  ENOENT: 'found no such file, need one',
  ENOTDIR: 'found no such file, need one',
  EISDIR: 'found a folder, need a file',
  EACCES: 'found that permission is denied, need a file that you may read',
  EPERM: 'found that permission is denied, need a file that you may read',
  ELOOP: 'found a link that leads back to itself, need a file',
  ENAMETOOLONG: 'found a name longer than the system allows, need a file',
  EMFILE: 'found too many open files, need fewer at a time',
  EIO: 'found that the disk did not give its bytes (EIO), need a disk that does',
};

/** `Cannot read "file": found …, need …`; an error that says it already, or comes from no system call, is passed on. */
export function unreadable(file: string, error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error as Error;
  return new Error(`Cannot read "${file}": ${FOUND[code] ?? `found ${message}, need a file that can be read`}`);
}
