// The variants of a product's shader: which of them a device can run, and which of those are worth measuring there. Facts
// (traits.ts) rule variants in and out; between those that are left a measurement decides (calibrate.ts), else their order here.

import type { ShaderRef } from '../shader.ts';
import type { MatrixSize, Traits } from '../traits.ts';

export type Side = 'rows' | 'columns';

export interface ProductShape {
  /** `rows`: y = W·x. `columns`: y = Wᵀ·x. */
  readonly side: Side;
  /** Rows of y. */
  readonly results: number;
  /** Rows of x. */
  readonly summed: number;
  /** T */
  readonly tokens: number;
  /** int8 with C a multiple of 16: its codes can be loaded sixteen at a time. */
  readonly isWide?: boolean;
  /** f16 */
  readonly isHalf?: boolean;
  /** Only the first token is read by anyone: T is 4 because nothing is smaller. */
  readonly isColumn?: boolean;
}

export interface ProductShader extends Pick<ShaderRef, 'file' | 'constants'> {
  /** Parts beside the weight and the epilogue. */
  readonly parts?: Readonly<Record<string, string>>;
  /** Reads the weight by weight-*-wide. */
  readonly isWide?: boolean;
  /** Results and tokens of a workgroup. */
  readonly tile: readonly [results: number, tokens: number];
}

export interface ProductVariant {
  /** Kept in calibration files and on command lines. */
  readonly name: string;
  /** Whether device and shape allow it; a name that is asked for is taken when they do. */
  canRun(traits: Traits, shape: ProductShape): boolean;
  /** Whether it may be the best for this device and shape. */
  suits(traits: Traits, shape: ProductShape): boolean;
  shader(traits: Traits, shape: ProductShape): ProductShader;
  /** Makes the first token alone: less work than any that makes four, so nothing is measured against it. */
  readonly isColumn?: true;
  /** f16 rounds what is multiplied: taken only when its name is asked for. */
  readonly isRounding?: true;
  /** Multiplies by subgroup matrices (traits.ts), which check-matrices.ts has to have tried. */
  readonly usesMatrices?: true;
}

/** Tokens up to which the sum is split over the lanes: below, tiles of tokens would be mostly empty. */
const FEW_TOKENS = 8;
/**
 * Results up to which a GPU splits the sum: below, tiles of results would be mostly empty, and their sums too long for so few. A of
 * three linears with rank 16.
 */
const FEW_RESULTS = 48;

/** Results and tokens that a subgroup makes of matrices; a workgroup has two by two such patches. */
const PATCH = 32;
/** Stretches of 128 columns in a piece: with more, lavapipe does not unroll the loops over them. */
const MOST_STRETCHES = 5;

/** True when the subgroups' variants can be used: they know subgroups of 8 (lavapipe) and of 4 (SwiftShader). */
export function hasLanes({ kind, subgroupSize }: Traits): boolean {
  return kind === 'cpu' && (subgroupSize === 8 || subgroupSize === 4);
}

/** Whether tiles of 64 results make fewer for nothing than they save: a fifth of the time of tiles of 32. */
function fillsWideTiles({ results }: ProductShape): boolean {
  return results > 128 || (results - 1) % 64 >= 32;
}

/** In the order in which they are taken where nothing is measured. */
export const PRODUCT_VARIANTS: readonly ProductVariant[] = [
  {
    name: 'column-few',
    canRun: (traits, { side, tokens, isColumn = false }) =>
      hasLanes(traits) && side === 'rows' && tokens === 4 && isColumn,
    suits: (_, { results }) => results <= FEW_RESULTS,
    shader: ({ subgroupSize: LANES }) => ({ file: 'matmul-column-few', constants: { LANES }, tile: [4, 4] }),
    isColumn: true,
  },
  {
    name: 'column-stream',
    canRun: (traits, { side, tokens, summed, isWide = false, isHalf = false, isColumn = false }) =>
      hasLanes(traits) &&
      traits.subgroupSize === 8 &&
      side === 'rows' &&
      tokens === 4 &&
      isColumn &&
      // Scales of int8 are read in pairs.
      (isWide ? Math.ceil(summed / 32) % 2 === 0 : isHalf && summed % 4 === 0),
    suits: () => true,
    shader: (_, { summed, results, isWide = false }) => {
      // As equal pieces as there can be.
      const stretches = Math.ceil(summed / 128);
      const STRETCHES = Math.ceil(stretches / Math.ceil(stretches / MOST_STRETCHES));
      // Many, but at most 128, and equal shares for two, four or eight processors.
      const ROWS = 8 * Math.ceil(results / 8 / (8 * Math.ceil(results / 1024)));
      const parts = { 'row-sixteen': isWide ? 'row-sixteen-bytes' : 'row-sixteen-halves' };
      return { file: 'matmul-column-stream', constants: { STRETCHES, ROWS }, parts, isWide, tile: [ROWS, 4] };
    },
    isColumn: true,
  },
  {
    name: 'column-wide',
    canRun: (traits, { side, tokens, isWide = false, isColumn = false }) =>
      hasLanes(traits) && traits.subgroupSize === 8 && side === 'rows' && tokens === 4 && isWide && isColumn,
    suits: () => true,
    shader: () => ({ file: 'matmul-column-wide', isWide: true, tile: [32, 4] }),
    isColumn: true,
  },
  {
    name: 'column-rows',
    canRun: (traits, { side, tokens, isColumn = false }) =>
      hasLanes(traits) && side === 'rows' && tokens === 4 && isColumn,
    suits: () => true,
    shader: ({ subgroupSize }) =>
      subgroupSize === 8
        ? { file: 'matmul-column-rows', tile: [16, 4] }
        : { file: 'matmul-column-quads', parts: { 'int8-bytes': 'int8-bytes-products' }, tile: [32, 4] },
    isColumn: true,
  },
  {
    name: 'vector-wide',
    canRun: (traits, { side, tokens, isWide = false }) =>
      hasLanes(traits) && traits.subgroupSize === 8 && side === 'rows' && tokens === 4 && isWide,
    suits: () => true,
    shader: () => ({ file: 'matmul-vector-wide', isWide: true, tile: [32, 4] }),
  },
  {
    name: 'vector',
    canRun: (traits, { side, tokens }) => hasLanes(traits) && side === 'rows' && tokens === 4,
    // SwiftShader's four lanes gain nothing: 22.8 ms against 14.3 of split-lanes (4x1536x576).
    suits: ({ subgroupSize }) => subgroupSize === 8,
    shader: ({ subgroupSize: LANES }) => ({ file: 'matmul-vector', constants: { LANES }, tile: [2 * LANES, 4] }),
  },
  {
    name: 'subgroups-64',
    canRun: (traits, { side }) => hasLanes(traits) && traits.subgroupSize === 8 && side === 'columns',
    suits: (_, shape) => shape.tokens > FEW_TOKENS && fillsWideTiles(shape),
    shader: () => ({ file: 'matmul-backward-wide', tile: [64, 32] }),
  },
  {
    name: 'subgroups',
    canRun: hasLanes,
    suits: ({ subgroupSize }, shape) =>
      shape.tokens > FEW_TOKENS && !(subgroupSize === 8 && shape.side === 'columns' && fillsWideTiles(shape)),
    shader: ({ subgroupSize }, { side, results }) => {
      const lanes = subgroupSize === 8 ? 'subgroups' : 'quads';
      // Less when there are no more results (low rank). Backward four lanes have four columns each.
      const few = lanes === 'quads' && side === 'columns' ? [16] : [8, 16];
      const ROWS = few.find((rows) => results <= rows) ?? 32;
      const file = side === 'rows' ? `matmul-${lanes}` : `matmul-backward-${lanes}`;
      const parts = {
        ...(side === 'rows' && { input: 'input-plain' }),
        ...(lanes === 'quads' && { 'int8-bytes': 'int8-bytes-products' }),
      };
      return { file, constants: { ROWS }, parts, tile: [ROWS, 32] };
    },
  },
  split('split-8x8', 8, 8, ({ results }) => results <= FEW_RESULTS),
  split('split-1x64', 1, 64, ({ tokens }) => tokens <= FEW_TOKENS),
  split('split-1x32', 1, 32, ({ tokens }) => tokens <= FEW_TOKENS),
  split('split-1x128', 1, 128, ({ tokens }) => tokens <= FEW_TOKENS),
  {
    name: 'split-lanes',
    canRun: hasLanes,
    suits: (_, { tokens }) => tokens <= FEW_TOKENS,
    shader: ({ subgroupSize }, { side }) => splitShader(1, subgroupSize, side),
  },
  tiles('tiles-64x64', { RB: 2, TB: 1, WG_R: 8, WG_T: 16, STEP: 32 }),
  tiles('tiles-128x64', { RB: 2, TB: 2, WG_R: 16, WG_T: 8, STEP: 16 }),
  tiles('tiles-32x32', { RB: 1, TB: 1, WG_R: 8, WG_T: 8, STEP: 32 }),
  matrices('matrices-64x64', 'f32', 16),
  {
    name: 'registers',
    canRun: () => true,
    suits: (traits, { tokens }) => !hasLanes(traits) && (traits.kind === 'cpu' || tokens > FEW_TOKENS),
    shader: (_, { side }) => ({ file: 'matmul-registers', parts: { side: `weight-${side}` }, tile: [16, 64] }),
  },
  tiles('tiles-64x64-f16', { RB: 2, TB: 1, WG_R: 8, WG_T: 16, STEP: 32 }, 'tile-f16'),
  tiles('tiles-128x64-f16', { RB: 2, TB: 2, WG_R: 16, WG_T: 8, STEP: 32 }, 'tile-f16'),
  matrices('matrices-64x64-f16', 'f16', 32),
];

/** What a device may choose from for a shape: never empty. */
export function productCandidates(traits: Traits, shape: ProductShape): readonly ProductVariant[] {
  return PRODUCT_VARIANTS.filter((v) => !v.isRounding && v.canRun(traits, shape) && v.suits(traits, shape));
}

/** Shapes that choose alike: how calibration names what it has measured. */
export function shapeClass({ side, results, tokens }: ProductShape): string {
  if (tokens <= FEW_TOKENS) return `${side}, few tokens`;
  if (results <= FEW_RESULTS) return `${side}, few results`;
  const size = results * tokens;
  return `${side}, ${size <= 1 << 16 ? 'small' : size <= 1 << 19 ? 'medium' : 'large'}`;
}

/**
 * The variant that multiplies by A of low-rank branches what their masks keep (input-dropped), and the ranks that it can make of
 * several in one product, since a tile of results has one mask.
 */
export function droppedProduct(traits: Traits): ProductVariant {
  return PRODUCT_VARIANTS.find((v) => v.name === (hasLanes(traits) ? 'subgroups' : 'split-8x8'))!;
}
export const canShareDropped = (ranks: number): boolean => ranks === 8 || ranks === 16 || ranks % 32 === 0;

/** The variant asked for by name, else one that makes less, else the one measured to be the fastest, else the first that suits. */
export function chooseProduct(traits: Traits, shape: ProductShape): ProductVariant {
  const { asked, measured } = traits.products ?? {};
  const named = asked?.map((name) => PRODUCT_VARIANTS.find((v) => v.name === name && v.canRun(traits, shape)));
  const wanted = named?.find((v) => v !== undefined);
  if (wanted !== undefined) return wanted;
  const candidates = productCandidates(traits, shape);
  const column = candidates.find((v) => v.isColumn);
  if (column !== undefined) return column;
  return candidates.find((v) => v.name === measured?.[shapeClass(shape)]) ?? candidates[0]!;
}

function split(name: string, WG_T: number, SLICES: number, suits: (shape: ProductShape) => boolean): ProductVariant {
  return {
    name,
    canRun: ({ maxInvocations, maxWorkgroupBytes }) =>
      WG_T * SLICES <= maxInvocations && 16 * 8 * WG_T * SLICES <= maxWorkgroupBytes,
    suits: (traits, shape) => traits.kind === 'gpu' && suits(shape),
    shader: (_, { side }) => splitShader(WG_T, SLICES, side),
  };
}

function splitShader(WG_T: number, SLICES: number, side: Side): ProductShader {
  const parts = { side: `weight-${side}`, input: 'input-plain' };
  return { file: 'matmul-split', constants: { WG_T, SLICES }, parts, tile: [8, 4 * WG_T] };
}

interface TileSizes {
  /** Blocks of 4 results, and of 4 tokens, of an invocation. */
  readonly RB: number;
  readonly TB: number;
  /** Invocations along results and tokens. */
  readonly WG_R: number;
  readonly WG_T: number;
  /** Summed indices in workgroup memory at a time. */
  readonly STEP: number;
}

function suitsTiles({ kind }: Traits, { tokens, results }: ProductShape): boolean {
  return kind === 'gpu' && tokens > FEW_TOKENS && results > FEW_RESULTS;
}

function tiles(name: string, sizes: TileSizes, tile = 'tile-f32'): ProductVariant {
  const { RB, TB, WG_R, WG_T, STEP } = sizes;
  const isHalf = tile === 'tile-f16';
  const bytes = (isHalf ? 8 : 16) * STEP * (RB * WG_R + TB * WG_T);
  return {
    name,
    canRun: (traits) =>
      WG_R * WG_T <= traits.maxInvocations && bytes <= traits.maxWorkgroupBytes && (!isHalf || traits.hasF16),
    suits: suitsTiles,
    shader: (_, { side }) => ({
      file: 'matmul-tiles',
      constants: { ...sizes },
      parts: { side: `weight-${side}`, tile },
      tile: [4 * RB * WG_R, 4 * TB * WG_T],
    }),
    ...(isHalf && { isRounding: true }),
  };
}

/** STEP: summed indices in workgroup memory at a time. */
function matrices(name: string, component: MatrixSize['component'], STEP: number): ProductVariant {
  const [bytes, PAD] = component === 'f16' ? [2, 8] : [4, 4];
  const fits = ({ M, N, K, ...size }: MatrixSize) =>
    size.component === component && PATCH % M === 0 && PATCH % N === 0 && STEP % K === 0;
  const sizeOf = (traits: Traits) => traits.matrices.find(fits);
  const tileBytes = bytes * (2 * PATCH * (STEP + PAD) + STEP * (2 * PATCH + PAD));
  return {
    name,
    canRun(traits) {
      const size = sizeOf(traits);
      return (
        size !== undefined &&
        (component === 'f32' || traits.hasF16) &&
        4 * traits.subgroupMaxSize <= traits.maxInvocations &&
        tileBytes + 4 * 4 * PATCH * size.M <= traits.maxWorkgroupBytes
      );
    },
    suits: suitsTiles,
    shader(traits, { side }) {
      const { M, N, K } = sizeOf(traits)!;
      return {
        file: 'matmul-matrices',
        constants: { M, N, K, STEP, LANES: 4 * traits.subgroupMaxSize },
        parts: { side: `weight-${side}`, component: `component-${component}` },
        tile: [2 * PATCH, 2 * PATCH],
      };
    },
    usesMatrices: true,
    ...(component === 'f16' && { isRounding: true }),
  };
}
