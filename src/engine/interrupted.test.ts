// The page's engine over a storage in memory: a worker that ends in the middle of a run leaves what another one goes on with.

import { describe, expect, it } from 'vitest';
import type { PackedRows } from '../data/pack-rows.ts';
import { createEngine } from './engine.ts';
import type { KeptRun } from './kept-run.ts';
import { DEFAULT_SETTINGS, type EngineApi, type RunEvent, type TrainSettings } from './protocol.ts';
import type { EngineHost } from './session.ts';
import { memoryAdapters } from './testing/memory-adapters.ts';
import { memoryArchive } from './testing/memory-archive.ts';
import { quietHost } from './testing/memory-host.ts';

const SETTINGS: TrainSettings = {
  ...DEFAULT_SETTINGS,
  rank: 2,
  dropout: 0.1,
  learningRate: 5e-3,
  epochs: 18,
  batchSize: 2,
  seqLen: 32,
  validationSplit: 0.2,
  evalEvery: 40,
};
const DATA = new File(
  [Array.from({ length: 10 }, (_, i) => JSON.stringify({ prompt: `row ${i}`, completion: `is ${i * i}` })).join('\n')],
  'squares.jsonl',
);

/** The storage of a browser; `freeze` is the moment at which a worker ends: nothing that it does later gets through. */
function storage() {
  const { adapters, store } = memoryAdapters();
  const disk: { kept?: { run: KeptRun; rows: PackedRows; records: Uint8Array[] } | undefined; isClaimed: boolean } = {
    isClaimed: false,
  };
  const write = (kept: typeof disk.kept) => {
    disk.kept = kept;
  };
  const archive = memoryArchive();
  const connect = (onSave: () => void = () => {}) => {
    let isFrozen = false;
    const alive = <T>(change: () => T) => (isFrozen ? new Promise<never>(() => {}) : Promise.resolve(change()));
    const host: EngineHost = {
      ...quietHost(),
      adapters: { ...store, save: (record, files) => alive(() => store.save(record, files)) },
      archive,
      runs: {
        checkpoints: {
          save: (record) =>
            alive(() => {
              disk.kept?.records.unshift(record);
              onSave();
            }),
          async *records() {
            yield* disk.kept?.records ?? [];
          },
          clear: () => alive(() => write(undefined)),
        },
        async claim() {
          if (disk.isClaimed) return undefined;
          disk.isClaimed = true;
          return () => {
            disk.isClaimed = false;
          };
        },
        freed: async () => {},
        begin: (run, rows) => alive(() => write({ run, rows, records: [] })),
        interrupted: async () => (disk.isClaimed ? undefined : disk.kept?.run),
        rows: async () => disk.kept!.rows,
      },
    };
    const freeze = () => {
      isFrozen = true;
      disk.isClaimed = false;
    };
    return { engine: createEngine(host), freeze };
  };
  return { adapters, connect, tamper: (rows: PackedRows) => write({ ...disk.kept!, rows }), kept: () => disk.kept };
}

async function open(engine: EngineApi, change: 'as it was' | 'f32' = 'as it was') {
  await engine.base.openDevice();
  const source = { kind: 'bundled', id: 'tiny', url: '' } as const;
  await engine.base.openModel(source, change === 'f32' ? 'f32' : 'q8', () => {});
}

async function train(engine: EngineApi, onEvent: (event: RunEvent) => void = () => {}) {
  await open(engine);
  const options = { maxTokens: 32, longRows: 'truncate', completionOnly: true } as const;
  await engine.data.openDataset([DATA], options, () => {});
  return engine.run.train('run', 'Squares', SETTINGS, onEvent);
}

const untimed = (events: readonly RunEvent[]) =>
  events
    .flatMap((event) => (event.type === 'past' ? event.events : event))
    .filter((event) => event.type !== 'state' && event.type !== 'memory')
    .map((event) => (event.type === 'step' ? { ...event, ms: 0 } : event));

/** A run whose worker ends some steps after its first checkpoint, at step 50 of 72. */
async function interrupt() {
  const { connect, ...rest } = storage();
  await new Promise<void>((resolve) => {
    let saved = false;
    const { engine, freeze } = connect(() => {
      saved = true;
    });
    void train(engine, (event) => {
      if (event.type !== 'step' || event.step < 55 || !saved) return;
      freeze();
      resolve();
    });
  });
  return { connect, ...rest };
}

describe('an interrupted run', () => {
  it('goes on without its file and ends with the adapter of a run that nothing interrupted', async () => {
    const whole = storage();
    const told: RunEvent[] = [];
    const result = await train(whole.connect().engine, (event) => told.push(event));
    expect(result.steps).toBe(72);
    expect(whole.kept(), 'nothing of a finished run is left').toBeUndefined();

    const { connect, adapters, kept } = await interrupt();
    expect(adapters.size).toBe(0);
    const { engine } = connect();
    await open(engine);
    const run = await engine.run.interruptedRun();
    expect(run).toMatchObject({ adapterName: 'Squares', totalSteps: 72, isSameDevice: true, baseName: 'tiny' });
    expect(run!.step).toBeGreaterThan(0);
    const toldAgain: RunEvent[] = [];
    const resumed = await engine.run.resumeInterrupted((event) => toldAgain.push(event));
    expect(untimed(toldAgain)).toEqual(untimed(told));
    expect({ ...resumed, adapterId: '' }).toEqual({ ...result, adapterId: '' });
    const weights = (files: typeof adapters) => [...files.values()][0]!.files.get('adapter_model.safetensors');
    expect(weights(adapters)).toEqual(weights(whole.adapters));
    expect(kept()).toBeUndefined();
    expect(await engine.run.interruptedRun()).toBeUndefined();
  });

  it('can be kept as it is, and then is gone', async () => {
    const { connect, adapters } = await interrupt();
    const { engine } = connect();
    await open(engine);
    const { step } = (await engine.run.interruptedRun())!;
    const record = await engine.run.keepInterrupted();
    expect(record).toMatchObject({ name: 'Squares', steps: step, datasetName: 'squares.jsonl' });
    expect(adapters.get(record.id)!.files.size).toBe(4);
    expect(await engine.run.interruptedRun()).toBeUndefined();
  });

  it('is refused over another base or changed rows, and stays until it is discarded', async () => {
    const { connect, kept, tamper } = await interrupt();
    const { engine } = connect();
    await open(engine, 'f32');
    await expect(engine.run.resumeInterrupted(() => {})).rejects.toThrow('found another base model');
    await open(engine);
    const ids = kept()!.rows.ids.with(0, 299);
    tamper({ ...kept()!.rows, ids });
    await expect(engine.run.resumeInterrupted(() => {})).rejects.toThrow('found changed rows of "squares.jsonl"');
    expect(await engine.run.interruptedRun()).toBeDefined();
    await engine.run.discardInterrupted();
    expect(await engine.run.interruptedRun()).toBeUndefined();
  });

  it('is none while it goes on in another tab, whose run is left alone', async () => {
    const { connect } = storage();
    const { engine: second } = connect();
    await open(second);
    const seen = new Promise<[unknown, unknown]>((resolve) => {
      const { engine: first } = connect(async () => {
        const found = await second.run.interruptedRun();
        await second.run.discardInterrupted();
        resolve([found, await second.run.resumeInterrupted(() => {}).catch((error: Error) => error.message)]);
      });
      void train(first);
    });
    expect(await seen).toEqual([undefined, 'Cannot go on: found no interrupted run, need one']);
  });
});
