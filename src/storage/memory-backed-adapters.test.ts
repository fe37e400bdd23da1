import { describe, expect, it } from 'vitest';
import type { AdapterStore } from './adapter-store.ts';
import { type MaybeUnsaved, withMemory } from './memory-backed-adapters.ts';

interface Record extends MaybeUnsaved {
  readonly name: string;
}

/** A storage that can be full, or closed. */
function storage() {
  const disk = new Map<string, { record: Record; files: ReadonlyMap<string, Uint8Array> }>();
  const state = { isFull: false, isClosed: false };
  const open = () => {
    if (state.isClosed) throw new Error('the storage is closed');
  };
  const store: AdapterStore<Record> = {
    async list() {
      open();
      return [...disk.values()].map(({ record }) => record);
    },
    async files(id) {
      open();
      return disk.get(id)!.files;
    },
    async save(record, files) {
      open();
      disk.set(record.id, { record, files });
      if (state.isFull) throw new DOMException('too much', 'QuotaExceededError');
    },
    async update(record) {
      open();
      disk.set(record.id, { ...disk.get(record.id)!, record });
    },
    async remove(id) {
      open();
      disk.delete(id);
    },
  };
  return { disk, state, store: withMemory(store), bare: store };
}

const files = new Map([['adapter_model.safetensors', new Uint8Array([1, 2])]]);

describe('withMemory()', () => {
  it('passes everything on while the storage takes it', async () => {
    const { store, disk } = storage();
    await store.save({ id: 'a', name: 'one' }, files);
    await store.update({ id: 'a', name: 'two' });
    expect(await store.list()).toEqual([{ id: 'a', name: 'two' }]);
    expect(disk.get('a')!.files).toBe(files);
    await store.remove('a');
    expect(await store.list()).toEqual([]);
  });

  it('holds what a full storage refuses, leaves nothing half-written, and stores it when there is room', async () => {
    const { store, disk, state } = storage();
    state.isFull = true;
    await store.save({ id: 'a', name: 'one' }, files);
    expect(disk.size, 'nothing half-written').toBe(0);
    const [record] = await store.list();
    expect(record).toEqual({
      id: 'a',
      name: 'one',
      unsaved: 'the storage that this browser gives to the page is full',
    });
    expect(await store.files('a')).toBe(files);
    await store.update({ ...record!, name: 'renamed' });
    state.isFull = false;
    expect(await store.list()).toEqual([{ id: 'a', name: 'renamed' }]);
    expect(disk.get('a')!.record).toEqual({ id: 'a', name: 'renamed' });
  });

  it('keeps an adapter where there is no storage at all, and says when nothing can be read', async () => {
    const { store, state } = storage();
    state.isClosed = true;
    await expect(store.list()).rejects.toThrow('the storage is closed');
    await store.save({ id: 'a', name: 'one' }, files);
    expect(await store.list()).toEqual([{ id: 'a', name: 'one', unsaved: 'the storage is closed' }]);
    await store.remove('a');
    await expect(store.list()).rejects.toThrow('the storage is closed');
  });

  it('without it an adapter would be lost (control)', async () => {
    const { bare, state } = storage();
    state.isClosed = true;
    await expect(bare.save({ id: 'a', name: 'one' }, files)).rejects.toThrow('the storage is closed');
  });
});
