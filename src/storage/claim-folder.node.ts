// One process at a time writes into a folder. The claim is a file that names the process; one that has ended, however it ended,
// holds nothing. Node has no lock of the operating system's that would do this.

import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
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
    try {
      await writeFile(file, JSON.stringify(own()), { flag: 'wx' });
      return { release: () => rm(file, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const pid = await claimedBy(file);
    if (pid !== undefined) return { heldBy: pid };
    await rm(file, { force: true });
  }
}

/** The process that holds `file`, if it is another one and alive. */
export async function claimedBy(file: string): Promise<number | undefined> {
  const claim = await readFile(file, 'utf8').then(parseClaim, () => undefined);
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
