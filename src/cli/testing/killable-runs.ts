// `graft train` in a process of its own, to be killed at random moments and resumed; for the tests of --resume.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import { randomMoments } from '../../testing/random-moments.ts';
import { patternRows, rowsAsJsonl } from '../../train/testing/short-run.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const MODEL = path.join(ROOT, 'src/train/testing/fixtures/llama/model');
const GRAFT = path.join(ROOT, 'bin/graft.mjs');

export interface Ended {
  readonly code: number | null;
  readonly said: string;
}

/** Runs of one recipe in a folder of their own, by name. */
export class KillableRuns {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'graft-resume-'));

  constructor(readonly stepCount: number) {
    writeFileSync(path.join(this.folder, 'rows.jsonl'), rowsAsJsonl(patternRows(14)));
    // Builds the command if the sources are newer, so that no run does.
    execFileSync(process.execPath, [GRAFT, 'help']);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  out(name: string): string {
    return path.join(this.folder, name);
  }

  start(name: string, more: readonly string[] = []): ChildProcess {
    const data = path.join(this.folder, 'rows.jsonl');
    const files = ['--model', MODEL, '--data', data, '--out', this.out(name), '--log', this.log(name)];
    // LoRA alone has dropout.
    const dropout = more.includes('--method') ? [] : ['--dropout', '0.1'];
    const recipe = ['--lr', '1e-2', '--schedule', 'cosine', ...dropout, '--batch-size', '2', '--grad-accum', '2'];
    const run = ['--steps', `${this.stepCount}`, '--seed', '3', '--checkpoint-every', '4', ...more];
    return spawn(process.execPath, [GRAFT, 'train', ...files, ...recipe, ...run], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Lines of the log without the times. */
  steps(name: string): Record<string, unknown>[] {
    if (!existsSync(this.log(name))) return [];
    const lines = readFileSync(this.log(name), 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => ({ ...JSON.parse(line), ms: 0 }));
  }

  adapter(name: string): Buffer {
    return readFileSync(path.join(this.out(name), this.weightsOf(name)!));
  }

  /** `kill -9` at so many random moments, each a few steps further on (and after the first save) and then within a step or a save; then to the end. */
  async killAndResume(name: string, kills: number, seed: number, more: readonly string[] = []): Promise<Ended> {
    const next = randomMoments(seed);
    let stands = 0;
    for (let kill = 0; kill < kills; kill++) {
      const child = this.start(name, kill === 0 ? more : [...more, '--resume']);
      const done = ended(child);
      const at = stands + 2 + Math.floor(9 * next());
      await until(() => this.steps(name).length >= at && this.hasCheckpoint(name), child);
      await new Promise((resolve) => setTimeout(resolve, 12 * next()));
      child.kill('SIGKILL');
      const { said } = await done;
      expect(this.weightsOf(name), said).toBeUndefined();
      stands = this.steps(name).length;
    }
    return ended(this.start(name, [...more, '--resume']));
  }

  private hasCheckpoint(name: string): boolean {
    const folder = path.join(this.out(name), '.graft-checkpoint');
    return existsSync(folder) && readdirSync(folder).some((file) => file.endsWith('.checkpoint'));
  }

  /** PEFT's file, or AdapterHub's. */
  private weightsOf(name: string): string | undefined {
    return ['adapter_model.safetensors', 'adapter.safetensors'].find((file) =>
      existsSync(path.join(this.out(name), file)),
    );
  }

  private log(name: string): string {
    return path.join(this.folder, `${name}.jsonl`);
  }
}

export async function ended(child: ChildProcess): Promise<Ended> {
  let said = '';
  child.stderr!.on('data', (text) => (said += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, said };
}

export async function until(done: () => boolean, child: ChildProcess): Promise<void> {
  while (!done() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 2));
}
