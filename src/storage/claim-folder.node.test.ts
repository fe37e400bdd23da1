// Who gets a folder that several processes ask for at one instant: real processes, that are let off together.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { claimFolder } from './claim-folder.node.ts';

const PROCESSES = 6;
const ROUNDS = 40;
/** A process that never was: numbers end below. */
const DEAD = 2 ** 30;

const root = mkdtempSync(path.join(tmpdir(), 'graft-claim-'));
let racers: ChildProcess[] = [];

beforeAll(async () => {
  const outDir = path.join(root, 'built');
  const input = path.join(import.meta.dirname, 'claim-folder.node.ts');
  await build({ configFile: false, logLevel: 'silent', build: { ssr: input, outDir } });
  const racer = path.join(root, 'racer.mjs');
  const [built] = readdirSync(outDir);
  writeFileSync(
    racer,
    `import { claimFolder } from './built/${built}';
     process.on('message', async ({ file, at }) => {
       while (Date.now() < at);
       process.send(await claimFolder(file).then(({ heldBy }) => ({ heldBy }), ({ message }) => ({ message })));
     });
     process.send('ready');`,
  );
  racers = Array.from({ length: PROCESSES }, () => fork(racer));
  await Promise.all(racers.map((child) => once(child, 'message')));
});
afterAll(() => {
  for (const child of racers) child.kill('SIGKILL');
  rmSync(root, { recursive: true });
});

/** What each of them is told. */
function race(file: string): Promise<{ heldBy?: number; message?: string }[]> {
  const at = Date.now() + 5;
  return Promise.all(
    racers.map(async (child) => {
      const answer = once(child, 'message');
      child.send({ file, at });
      return (await answer)[0];
    }),
  );
}

const claimOf = (pid: number) => JSON.stringify({ pid, host: hostname() });
const BEFORE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'an empty folder': {},
  'a dead claim': { process: claimOf(DEAD) },
  'no claim but a broken file': { process: '{"pid"' },
  'a dead claim that a dead process was about to take over': { process: claimOf(DEAD), 'process.next': claimOf(DEAD) },
};

it.each(Object.keys(BEFORE))('one of many processes gets %s, and the others hear who', async (what) => {
  for (let round = 0; round < ROUNDS; round++) {
    const folder = path.join(root, `${Object.keys(BEFORE).indexOf(what)}-${round}`);
    mkdirSync(folder);
    for (const [name, text] of Object.entries(BEFORE[what]!)) writeFileSync(path.join(folder, name), text);
    const file = path.join(folder, 'process');
    const answers = await race(file);
    const mine = answers.flatMap(({ heldBy, message }, i) =>
      heldBy === undefined && message === undefined ? [racers[i]!.pid!] : [],
    );
    expect(mine, `round ${round}: ${JSON.stringify(answers)}`).toHaveLength(1);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ pid: mine[0] });
    const others = answers.flatMap(({ heldBy }) => heldBy ?? []);
    expect(others).toHaveLength(PROCESSES - 1);
    expect(racers.map(({ pid }) => pid)).toEqual(expect.arrayContaining(others));
    expect(readdirSync(folder)).toEqual(['process']);
  }
});

it('a claim is given back by its own process alone', async () => {
  const file = path.join(root, 'own');
  const claimed = await claimFolder(file);
  if ('heldBy' in claimed) return expect.unreachable();
  writeFileSync(file, claimOf(racers[0]!.pid!));
  await claimed.release();
  expect(existsSync(file), 'it has come to be another one').toBe(true);
  expect(await claimFolder(file)).toEqual({ heldBy: racers[0]!.pid });
  rmSync(file);
  const again = await claimFolder(file);
  if ('heldBy' in again) return expect.unreachable();
  await again.release();
  expect(existsSync(file)).toBe(false);
});
