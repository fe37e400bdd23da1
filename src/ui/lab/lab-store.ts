// The adapter that is looked into, and what has been found out about it. Measurements come point by point.
import { createStore } from 'zustand/vanilla';
import type {
  AdapterAnatomy,
  AdapterRecord,
  LikenessOf,
  MeasuredRows,
  MergeMethod,
  MergePartner,
  MergeWays,
  RankLoss,
  StrengthPoint,
  Verification,
} from '../../engine/protocol.ts';
import { engine, sentence } from '../engine.ts';
import { isLora } from '../library/is-lora.ts';
import { refreshLibrary } from '../library/library-store.ts';
import { announce } from '../shell/trouble-store.ts';
import { words } from './words.ts';

export type Busy = 'ranks' | 'strengths' | 'verify' | 'save' | 'merge';

interface Found {
  readonly anatomy: AdapterAnatomy | undefined;
  readonly failure: string | undefined;
  readonly likeness: readonly LikenessOf[] | undefined;
  readonly partners: readonly MergePartner[] | undefined;
  /** The one that is chosen to merge with, and how, once that is known. */
  readonly partner: MergePartner | undefined;
  readonly ways: MergeWays | undefined;
  readonly ranks: readonly RankLoss[];
  readonly rankRows: MeasuredRows | undefined;
  readonly strengths: readonly StrengthPoint[];
  readonly strengthRows: MeasuredRows | undefined;
  readonly verification: Verification | undefined;
  readonly busy: Busy | undefined;
  readonly problem: string | undefined;
}
interface LabState extends Found {
  readonly adapter: AdapterRecord | undefined;
}

const NOTHING: Found = {
  anatomy: undefined,
  failure: undefined,
  likeness: undefined,
  partners: undefined,
  partner: undefined,
  ways: undefined,
  ranks: [],
  rankRows: undefined,
  strengths: [],
  strengthRows: undefined,
  verification: undefined,
  busy: undefined,
  problem: undefined,
};

export const labStore = createStore<LabState>(() => ({ ...NOTHING, adapter: undefined }));

/** True while what was asked for is still about the adapter that is shown. */
const isShown = (id: string) => labStore.getState().adapter?.id === id;

export async function openLab(adapter: AdapterRecord): Promise<void> {
  labStore.setState({ ...NOTHING, adapter });
  try {
    // There is nothing of low rank to take apart in other methods.
    if (isLora(adapter)) {
      const anatomy = await engine().lab.anatomy(adapter.id);
      if (isShown(adapter.id)) labStore.setState({ anatomy });
    }
    await lookAround(adapter);
  } catch (error) {
    if (isShown(adapter.id)) labStore.setState({ failure: sentence(error) });
  }
}

/** At the other adapters. */
async function lookAround(adapter: AdapterRecord): Promise<void> {
  if (isLora(adapter)) {
    const likeness = await engine().lab.likeness(adapter.id);
    if (isShown(adapter.id)) labStore.setState({ likeness });
  }
  const partners = await engine().lab.mergePartners(adapter.id);
  if (!isShown(adapter.id)) return;
  labStore.setState({ partners });
  const able = partners.filter(({ obstacle }) => obstacle === undefined);
  const partner = able.find(({ id }) => id === labStore.getState().partner?.id) ?? able[0];
  if (partner !== undefined && partner.id !== labStore.getState().partner?.id) await choosePartner(adapter, partner);
}

export async function choosePartner({ id }: AdapterRecord, partner: MergePartner): Promise<void> {
  labStore.setState({ partner, ways: undefined });
  const ways = await engine()
    .lab.mergeWays(id, partner.id)
    .catch((error: unknown): MergeWays => ({ methods: [], obstacle: sentence(error) }));
  if (isShown(id) && labStore.getState().partner === partner) labStore.setState({ ways });
}

export function closeLab(): void {
  if (labStore.getState().busy === 'ranks' || labStore.getState().busy === 'strengths') void engine().lab.stop();
  labStore.setState({ ...NOTHING, adapter: undefined });
}

export const stopMeasuring = (): void => void engine().lab.stop();

export function measureRanks(id: string): Promise<void> {
  labStore.setState({ ranks: [], rankRows: undefined });
  return during('ranks', id, async () => {
    const rankRows = await engine().lab.rankLosses(id, (point) => {
      if (isShown(id)) labStore.setState((s) => ({ ranks: [...s.ranks, point] }));
    });
    if (isShown(id)) labStore.setState({ rankRows });
  });
}

export function measureStrengths(id: string): Promise<void> {
  labStore.setState({ strengths: [], strengthRows: undefined });
  return during('strengths', id, async () => {
    const strengthRows = await engine().lab.strengths(id, (point) => {
      if (isShown(id)) labStore.setState((s) => ({ strengths: [...s.strengths, point] }));
    });
    if (isShown(id)) labStore.setState({ strengthRows });
  });
}

export function verify(id: string): Promise<void> {
  return during('verify', id, async () => {
    const verification = await engine().library.verifyAdapter(id);
    if (isShown(id)) labStore.setState({ verification });
  });
}

export function saveCopy(id: string, rank: number, name: string): Promise<void> {
  return during('save', id, async () => {
    const record = await engine().lab.saveTruncated(id, rank, name);
    await refreshLibrary();
    announce(words.rank.saved(record.name));
  });
}

export function mergeWith(
  adapter: AdapterRecord,
  other: { readonly id: string; readonly weight: number },
  how: { readonly weight: number; readonly method: MergeMethod; readonly name: string },
): Promise<void> {
  return during('merge', adapter.id, async () => {
    const inputs = [{ id: adapter.id, weight: how.weight }, other];
    const density = /^(ties|dare|magnitude)/.test(how.method) ? { density: 0.5 } : {};
    const record = await engine().lab.merge({ name: how.name, inputs, method: how.method, ...density });
    await refreshLibrary();
    announce(words.merge.merged(record.name));
    await lookAround(adapter);
  });
}

export const dismissProblem = (): void => labStore.setState({ problem: undefined });

async function during(busy: Busy, id: string, work: () => Promise<void>): Promise<void> {
  labStore.setState({ busy, problem: undefined });
  try {
    await work();
  } catch (error) {
    if (isShown(id)) labStore.setState({ problem: sentence(error) });
  }
  if (isShown(id)) labStore.setState({ busy: undefined });
}
