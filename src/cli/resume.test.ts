// The built command, killed at random moments and resumed: its log and its adapter are those of a run that nobody killed.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const MODEL = path.join(ROOT, 'src/train/testing/fixtures/llama/model');
const GRAFT = path.join(ROOT, 'bin/graft.mjs');
const KILLS = 5;
const STEPS = 60;

let folder: string;
let data: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'graft-resume-'));
  data = path.join(folder, 'rows.jsonl');
  const rows = Array.from({ length: 14 }, (_, i) => {
    const ids = Array.from({ length: 6 + ((i * 7) % 12) }, (_, t) => 3 + ((i + t * t) % 29));
    return JSON.stringify({ input_ids: ids, labels: ids.map((id, t) => (t > 1 ? id : -100)) });
  });
  writeFileSync(data, rows.join('\n'));
  // Builds the command if the sources are newer, so that no run below does.
  execFileSync(process.execPath, [GRAFT, 'help']);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

const log = (name: string) => path.join(folder, `${name}.jsonl`);
const out = (name: string) => path.join(folder, name);

function start(name: string, more: readonly string[] = []): ChildProcess {
  const flags = ['--model', MODEL, '--data', data, '--out', out(name), '--log', log(name), '--steps', `${STEPS}`];
  const recipe = ['--lr', '1e-2', '--schedule', 'cosine', '--dropout', '0.1', '--batch-size', '2', '--grad-accum', '2'];
  const args = [GRAFT, 'train', ...flags, ...recipe, '--seed', '3', '--checkpoint-every', '4', ...more];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function ended(child: ChildProcess): Promise<{ code: number | null; said: string }> {
  let said = '';
  child.stderr!.on('data', (text) => (said += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, said };
}

/** Lines of the log without the times. */
function steps(name: string): Record<string, unknown>[] {
  if (!existsSync(log(name))) return [];
  const lines = readFileSync(log(name), 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => ({ ...JSON.parse(line), ms: 0 }));
}

async function until(done: () => boolean, child: ChildProcess): Promise<void> {
  while (!done() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Small, fixed, and good enough to choose moments (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('graft train --resume', () => {
  it('after five kills has the log and the adapter of a run that nobody killed', async () => {
    expect(await ended(start('whole'))).toMatchObject({ code: 0 });
    const whole = steps('whole');
    expect(whole.length).toBe(STEPS);
    expect(readdirSync(out('whole')), 'nothing of the run is left').not.toContain('.graft-checkpoint');

    const next = random(20261124);
    let stands = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const child = start('killed', kill === 0 ? [] : ['--resume']);
      const done = ended(child);
      // Some steps further than last time, and then within a step or a save.
      const at = stands + 2 + Math.floor(9 * next());
      await until(() => steps('killed').length >= at, child);
      await new Promise((resolve) => setTimeout(resolve, 12 * next()));
      child.kill('SIGKILL');
      const { said } = await done;
      expect(existsSync(path.join(out('killed'), 'adapter_model.safetensors')), said).toBe(false);
      stands = steps('killed').length;
    }
    const { code, said } = await ended(start('killed', ['--resume']));
    expect(code, said).toBe(0);
    expect(said).toMatch(/going on after step \d+ of 60, on the same device: bit for bit/);
    expect(steps('killed')).toEqual(whole);
    const adapter = (name: string) => readFileSync(path.join(out(name), 'adapter_model.safetensors'));
    expect(adapter('killed').equals(adapter('whole')), 'the adapter, to the byte').toBe(true);
    expect(readdirSync(out('killed'))).not.toContain('.graft-checkpoint');
  }, 180_000);

  it('keeps adapter and checkpoint on SIGTERM, takes the older record when the newest is torn, and refuses another run', async () => {
    const child = start('stopped');
    const done = ended(child);
    await until(() => steps('stopped').length >= 9, child);
    child.kill('SIGTERM');
    const { code, said } = await done;
    expect(code, said).toBe(0);
    expect(said).toMatch(/stopped after \d+ steps.*--resume goes on/);
    expect(readdirSync(out('stopped'))).toContain('adapter_model.safetensors');

    const kept = path.join(out('stopped'), '.graft-checkpoint');
    const newest = path.join(kept, readdirSync(kept).sort().at(-1)!);
    truncateSync(newest, statSync(newest).size - 1);

    const other = await ended(start('stopped', ['--resume', '--rank', '4']));
    expect(other.code).toBe(1);
    expect(other.said).toContain('Cannot go on with the interrupted run: found rank 4, need 8');

    const resumed = await ended(start('stopped', ['--resume']));
    expect(resumed.code, resumed.said).toBe(0);
    expect(resumed.said).toMatch(/Cannot read checkpoint: found \d+ bytes, need \d+; going on from the one before it/);
    expect(steps('stopped')).toEqual(steps('whole'));

    const again = await ended(start('stopped', ['--resume']));
    expect(again.code).toBe(1);
    expect(again.said).toContain('Cannot go on: found no interrupted run in');
  }, 180_000);
});
