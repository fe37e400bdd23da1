// The page's engine over a storage in memory: a worker that ends in the middle of a run leaves what another one goes on with.

import { describe, expect, it } from 'vitest';
import type { PackedRows } from '../data/pack-rows.ts';
import { createEngine } from './engine.ts';
import type { KeptRun } from './kept-run.ts';
import {
  DEFAULT_SETTINGS,
  type EngineApi,
  type RunEvent,
  type RunResult,
  type TogetherAsk,
  type TogetherEnd,
  type TrainSettings,
} from './protocol.ts';
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
  const disk: { kept?: { run: KeptRun; rows: PackedRows; records: Uint8Array[][] } | undefined; isClaimed: boolean } = {
    isClaimed: false,
  };
  const write = (kept: typeof disk.kept) => {
    disk.kept = kept;
  };
  const archive = memoryArchive();
  const connect = (onSave: (place: number) => void = () => {}) => {
    let isFrozen = false;
    const alive = <T>(change: () => T) => (isFrozen ? new Promise<never>(() => {}) : Promise.resolve(change()));
    const host: EngineHost = {
      ...quietHost(),
      adapters: { ...store, save: (record, files) => alive(() => store.save(record, files)) },
      archive,
      runs: {
        checkpoints: (place) => ({
          save: (record) =>
            alive(() => {
              disk.kept?.records[place]?.unshift(record);
              onSave(place);
            }),
          async *records() {
            yield* disk.kept?.records[place] ?? [];
          },
          clear: () => alive(() => void disk.kept?.records[place]?.splice(0)),
        }),
        update: (run) => alive(() => write({ ...disk.kept!, run })),
        clear: () => alive(() => write(undefined)),
        async claim() {
          if (disk.isClaimed) return undefined;
          disk.isClaimed = true;
          return () => {
            disk.isClaimed = false;
          };
        },
        freed: async () => {},
        begin: (run, rows) => alive(() => write({ run, rows, records: [[], [], [], []] })),
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

/** Three at once over rows of two files; the shortest ends well before the others are cut off. One begins with what its rows show. */
const EVA = { init_lora_weights: 'eva' } as const;
const TOGETHER: readonly TogetherAsk[] = [
  { runId: 'a', adapterName: 'All rows', settings: SETTINGS },
  { runId: 'b', adapterName: 'Squares', settings: { ...SETTINGS, rank: 4, lora: EVA }, file: 'squares.jsonl' },
  { runId: 'c', adapterName: 'Short', settings: { ...SETTINGS, epochs: 1 } },
];

async function trainThree(engine: EngineApi, onEvent: (event: RunEvent) => void = () => {}) {
  await open(engine);
  const options = { maxTokens: 32, longRows: 'truncate', completionOnly: true } as const;
  const cubes = new File([(await DATA.text()).replaceAll('is', 'was')], 'cubes.jsonl');
  await engine.data.openDataset([DATA, cubes], options, () => {});
  return engine.run.trainTogether(TOGETHER, onEvent);
}

describe('an interrupted run of several adapters', () => {
  it('goes on with those that had not ended, to the bits of runs that nothing interrupted', async () => {
    const whole = storage();
    const told: RunEvent[] = [];
    const results = await trainThree(whole.connect().engine, (event) => told.push(event));
    expect(results.map((end) => 'result' in end && end.result.steps)).toEqual([144, 72, 8]);
    expect(whole.kept()).toBeUndefined();

    const { connect, adapters, kept } = storage();
    await new Promise<void>((resolve) => {
      const saved = new Set<number>();
      const { engine, freeze } = connect((place) => saved.add(place));
      void trainThree(engine, (event) => {
        if (event.type !== 'step' || event.runId !== 'b' || event.step < 55 || !saved.has(0) || !saved.has(1)) return;
        freeze();
        resolve();
      });
    });
    expect([...adapters.values()].map(({ record }) => record.name)).toEqual(['Short']);
    const { engine } = connect();
    await open(engine);
    const run = await engine.run.interruptedRun();
    expect(run!.members).toMatchObject([
      { runId: 'a', totalSteps: 144, isDone: false },
      { runId: 'b', totalSteps: 72, isDone: false },
      { runId: 'c', step: 8, isDone: true },
    ]);
    const toldAgain: RunEvent[] = [];
    const resumed = await engine.run.resumeInterrupted((event) => toldAgain.push(event));
    for (const runId of ['a', 'b']) {
      const own = (events: readonly RunEvent[]) => untimed(events.filter((event) => event.runId === runId));
      expect(own(toldAgain), runId).toEqual(own(told));
    }
    const withoutId = (end: TogetherEnd) => ('result' in end ? { ...end.result, adapterId: '' } : end);
    expect(resumed.map(withoutId)).toEqual(results.slice(0, 2).map(withoutId));
    const weights = (files: typeof adapters) =>
      new Map([...files.values()].map((one) => [one.record.name, one.files.get('adapter_model.safetensors')]));
    expect(weights(adapters)).toEqual(weights(whole.adapters));
    const begun = [...adapters.values()].find(({ record }) => record.name === 'Squares')!.files;
    const config = JSON.parse(new TextDecoder().decode(begun.get('adapter_config.json')));
    expect(config).toMatchObject({ init_lora_weights: 'eva', eva_config: { rho: 2 } });
    expect(Object.keys(config.rank_pattern).length).toBeGreaterThan(0);
    expect(adapters.get((resumed[1] as { result: RunResult }).result.adapterId)!.record.datasetName).toBe(
      'squares.jsonl',
    );
    expect(kept()).toBeUndefined();
  });

  it('lets each be paused and stopped by itself, and all of them be kept as they are', async () => {
    const { connect, adapters } = storage();
    const { engine } = connect();
    const states: string[] = [];
    /** Steps of a while b rests. */
    let past = 0;
    const ends = await trainThree(engine, (event) => {
      if (event.type === 'state') states.push(`${event.runId} ${event.state}`);
      if (event.type !== 'step') return;
      if (event.runId === 'b' && event.step === 3) void engine.run.pauseRun('b');
      // The others go on while one is paused.
      if (event.runId === 'a' && states.includes('b paused')) past++;
      if (event.runId === 'a' && past === 5) void engine.run.resumeRun('b');
      if (event.runId === 'a' && past === 15) void engine.run.stopRun('a');
    });
    expect(states).toContain('b paused');
    expect(ends.map((end) => 'result' in end && end.result.steps)).toEqual([expect.any(Number), 72, 8]);
    expect(states).toContain('a stopped');
    expect(adapters.size).toBe(3);
  });
});

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
    expect(run).toMatchObject({ isSameDevice: true, baseName: 'tiny' });
    expect(run!.members).toMatchObject([{ adapterName: 'Squares', totalSteps: 72, isDone: false }]);
    expect(run!.members[0]!.step).toBeGreaterThan(0);
    const toldAgain: RunEvent[] = [];
    const resumed = await engine.run.resumeInterrupted((event) => toldAgain.push(event));
    expect(untimed(toldAgain)).toEqual(untimed(told));
    expect(resumed).toEqual([{ runId: 'run', result: { ...result, adapterId: expect.any(String) } }]);
    const weights = (files: typeof adapters) => [...files.values()][0]!.files.get('adapter_model.safetensors');
    expect(weights(adapters)).toEqual(weights(whole.adapters));
    expect(kept()).toBeUndefined();
    expect(await engine.run.interruptedRun()).toBeUndefined();
  });

  it('can be kept as it is, and then is gone', async () => {
    const { connect, adapters } = await interrupt();
    const { engine } = connect();
    await open(engine);
    const { step } = (await engine.run.interruptedRun())!.members[0]!;
    const [record] = await engine.run.keepInterrupted();
    expect(record).toMatchObject({ name: 'Squares', steps: step, datasetName: 'squares.jsonl' });
    expect(adapters.get(record!.id)!.files.size).toBe(4);
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
