// One process at a time writes into a folder. The claim is a file that names the process; one that has ended, however it ended,
// holds nothing. Node has no lock of the operating system's that would do this.

import { readFileSync } from 'node:fs';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';

interface Claim {
  readonly pid: number;
  readonly host: string;
  /** When the process began, in ticks since the machine did; undefined where the system does not say. Numbers of processes come again. */
  readonly began?: string | undefined;
}

/** Claims of this process: within it nobody else asks for the same folder. */
const own = (): Claim => ({ pid: process.pid, host: hostname(), began: beginningOf(process.pid) });

/**
 * Writes `file` as this process's claim. Returns what gives it back, or the number of the process that holds it. A claim from
 * another machine is not believed: its processes cannot be looked at, and a run may go on elsewhere after a crash.
 */
export async function claimFolder(file: string): Promise<{ readonly heldBy: number } | { release(): Promise<void> }> {
  for (;;) {
    if (await createClaim(file)) return { release: () => release(file) };
    const heldBy = await claimedBy(file);
    if (heldBy !== undefined) return { heldBy };
    const taken = await takeOver(file);
    if (taken === true) return { release: () => release(file) };
    if (taken !== false) return taken;
  }
}

/** True when `file` was not there and is this process's now. Nobody ever sees half of it: a name for what is written already. */
async function createClaim(file: string): Promise<boolean> {
  const written = `${file}.${process.pid}.part`;
  await writeFile(written, JSON.stringify(own()));
  try {
    await link(written, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!HAS_NO_LINKS.has(code!)) throw error;
    return await createWithoutLinks(file);
  } finally {
    await rm(written, { force: true });
  }
}

/** What file systems without hard links say: exFAT, some of a network. */
const HAS_NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

async function createWithoutLinks(file: string): Promise<boolean> {
  try {
    await writeFile(file, JSON.stringify(own()), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Puts this process's claim in the place of a dead one: true when it has, false when the dead one was not there any more, else who is
 * about to do so. Of several that have seen the same dead claim, one holds `<file>.next` (a claim like any other, that may be dead
 * as well), and its last act is to rename that: until then the dead claim is what it was, and from then on it is alive.
 */
async function takeOver(file: string): Promise<boolean | { readonly heldBy: number }> {
  const next = `${file}.next`;
  const claimed = await claimFolder(next);
  if ('heldBy' in claimed) return claimed;
  const before = await readClaim(file);
  const isDead = before !== undefined && (await claimedBy(file)) === undefined;
  // Read again once it is known to be dead: what it was before may have been given back, and `file` be someone else's by now.
  if (!isDead || (await readClaim(file)) !== before) {
    await claimed.release();
    return false;
  }
  await rename(next, file);
  return true;
}

/** Gives a claim back, unless the file has come to be someone else's with its folder. */
async function release(file: string): Promise<void> {
  const text = await readClaim(file);
  if (text !== undefined && parseClaim(text)?.pid === process.pid) await rm(file, { force: true });
}

const readClaim = (file: string) => readFile(file, 'utf8').catch(() => undefined);

/** The process that holds `file`, if it is another one and alive. */
export async function claimedBy(file: string): Promise<number | undefined> {
  const text = await readClaim(file);
  const claim = text === undefined ? undefined : parseClaim(text);
  if (claim === undefined || claim.host !== hostname() || claim.pid === process.pid) return undefined;
  const isAlive = isRunning(claim.pid) && (claim.began === undefined || claim.began === beginningOf(claim.pid));
  return isAlive ? claim.pid : undefined;
}

function parseClaim(text: string): Claim | undefined {
  try {
    const { pid, host, began } = JSON.parse(text);
    const isClaim = Number.isInteger(pid) && pid > 0 && typeof host === 'string';
    return isClaim ? { pid, host, ...(typeof began === 'string' && { began }) } : undefined;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Of another user, and alive.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Field 22 of Linux's /proc/<pid>/stat; the name in field 2 may have anything in it. Undefined for one that has ended and that
 * nobody has asked for its result (a zombie).
 */
function beginningOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : rest[18];
  } catch {
    return undefined;
  }
}
