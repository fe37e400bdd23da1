// The folder of a run that was interrupted: whose it is, and what a run beside it may do.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openCheckpointFolder } from '../storage/node.ts';
import { encodeCheckpoint } from '../train/checkpoint.ts';
import { DEFAULT_SETTINGS } from '../train/recipe.ts';
import { openRunFolder } from './run-folder.node.ts';

const root = mkdtempSync(path.join(tmpdir(), 'graft-run-folder-'));
afterAll(() => rmSync(root, { recursive: true }));

async function record(version: number): Promise<Uint8Array> {
  const state = { params: new Float32Array(4), m: new Float32Array(4), v: new Float32Array(4) };
  const bytes = Buffer.from(
    await encodeCheckpoint({
      ...{ totalSteps: 9, savedAt: '2026-11-25T00:00:00Z', settings: DEFAULT_SETTINGS },
      ...{ steps: [], evals: [], rates: [], state },
      identity: { base: 'b', data: 'd', layout: 'l', device: 'x', deviceName: 'x' },
    }),
  );
  bytes.write(`"version":${version}`, bytes.indexOf('"version":1'));
  bytes.set(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes.subarray(0, -32))), bytes.length - 32);
  return bytes;
}

async function folderWith(name: string, ...versions: readonly number[]): Promise<string> {
  const out = path.join(root, name);
  const store = openCheckpointFolder(path.join(out, '.graft-checkpoint'));
  for (const version of versions) await store.save(await record(version));
  return out;
}

describe('openRunFolder()', () => {
  it('goes on with its own, and replaces it only without --resume, saying so', async () => {
    const out = await folderWith('own', 1);
    expect((await openRunFolder(out, true)).checkpoint?.totalSteps).toBe(9);
    const anew = await openRunFolder(out, false);
    expect(anew.checkpoint).toBeUndefined();
    expect(anew.notices.join()).toContain('this run replaces it');
  });

  it('leaves that of a newer version alone, whatever is asked', async () => {
    const out = await folderWith('newer', 1, 2);
    const kept = path.join(out, '.graft-checkpoint');
    const before = readdirSync(kept).map((name) => [name, readFileSync(path.join(kept, name))]);
    for (const resume of [true, false])
      await expect(openRunFolder(out, resume)).rejects.toThrow(
        'found an interrupted run of a newer version of Graft, need that version or another folder',
      );
    expect(readdirSync(kept).map((name) => [name, readFileSync(path.join(kept, name))])).toEqual(before);
  });

  it("is one process's at a time: of another that is alive, not of one that has ended or that this machine cannot know", async () => {
    const out = path.join(root, 'claimed');
    const claim = path.join(out, '.graft-checkpoint/process');
    mkdirSync(path.dirname(claim), { recursive: true });
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const ended = once(other, 'close');
    const claimAs = (fields: object) =>
      writeFileSync(claim, JSON.stringify({ pid: other.pid, host: hostname(), ...fields }));
    try {
      const late = await openRunFolder(out, false);
      claimAs({});
      await expect(openRunFolder(out, true)).rejects.toThrow(`found process ${other.pid} training there`);
      await expect(late.begin()).rejects.toThrow(`found process ${other.pid} training there`);
      // The number of a process that has ended, given to another one: only Linux can tell.
      claimAs({ began: '1' });
      if (existsSync('/proc/self/stat')) await openRunFolder(out, true);
      claimAs({ host: 'elsewhere' });
      await openRunFolder(out, true);
    } finally {
      other.kill('SIGKILL');
      await ended;
    }
    claimAs({});
    for (const text of [undefined, '', 'no claim', '{"pid":-1}']) {
      if (text !== undefined) writeFileSync(claim, text);
      const own = await openRunFolder(out, true);
      await own.begin();
      expect(JSON.parse(readFileSync(claim, 'utf8'))).toMatchObject({ pid: process.pid });
      await own.end();
      expect(existsSync(claim)).toBe(false);
    }
  });
});
