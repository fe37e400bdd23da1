// The loss of a run as a small PNG, for a model card: each step as a dot, their smoothed course as a line, held-back rows as
// squares, the axes with their numbers. Drawn and written here; the Hub shows no SVG in cards.

import { zlibSync } from 'fflate';
import type { LossCurve } from '../train/run-training.ts';

const [WIDTH, HEIGHT] = [720, 320];
const PLOT = { left: 64, right: 704, top: 16, bottom: 280 };
/** Weight of the past in the line, as on the page. */
const SMOOTHING = 0.9;
type Colour = readonly [number, number, number];
const [PAPER, GRID, INK, DOT, LINE, HELD]: readonly Colour[] = [
  [255, 255, 255],
  [230, 230, 226],
  [70, 74, 70],
  [178, 214, 190],
  [31, 122, 71],
  [184, 92, 0],
];

/** Digits as 3 × 5 dots, a row in three bits, top first. */
const GLYPHS: Readonly<Record<string, readonly number[]>> = {
  '0': [7, 5, 5, 5, 7],
  '1': [2, 6, 2, 2, 7],
  '2': [7, 1, 7, 4, 7],
  '3': [7, 1, 7, 1, 7],
  '4': [5, 5, 7, 1, 1],
  '5': [7, 4, 7, 1, 7],
  '6': [7, 4, 7, 5, 7],
  '7': [7, 1, 2, 2, 2],
  '8': [7, 5, 7, 5, 7],
  '9': [7, 5, 7, 1, 7],
  '.': [0, 0, 0, 0, 2],
};
const [GLYPH, GAP] = [2, 2];

/** Undefined when there is nothing to draw. */
export function lossPicture({ losses, evals }: LossCurve): Uint8Array | undefined {
  const shown = [...losses, ...evals.map(({ loss }) => loss)].filter(Number.isFinite);
  if (losses.length < 2 || shown.length === 0) return undefined;
  const canvas = new Canvas();
  const [top, ticks] = scaleOf(Math.max(...shown));
  const x = (step: number) => PLOT.left + ((PLOT.right - PLOT.left) * step) / losses.length;
  const y = (loss: number) => PLOT.bottom - ((PLOT.bottom - PLOT.top) * loss) / top;
  for (const tick of ticks) {
    canvas.box(PLOT.left, y(tick), PLOT.right, y(tick) + 1, GRID!);
    canvas.text(String(tick), PLOT.left - 8, y(tick) - 5, 'end');
  }
  canvas.box(PLOT.left, PLOT.bottom, PLOT.right, PLOT.bottom + 1, INK!);
  for (const step of new Set([1, Math.round(losses.length / 2), losses.length]))
    canvas.text(String(step), x(step), PLOT.bottom + 10, step === losses.length ? 'end' : 'middle');
  let smooth: number | undefined;
  let before: readonly [number, number] | undefined;
  for (const [i, loss] of losses.entries())
    if (Number.isFinite(loss)) canvas.box(x(i + 1) - 1, y(loss) - 1, x(i + 1) + 1, y(loss) + 1, DOT!);
  for (const [i, loss] of losses.entries()) {
    if (!Number.isFinite(loss)) continue;
    smooth = smooth === undefined ? loss : SMOOTHING * smooth + (1 - SMOOTHING) * loss;
    const point = [x(i + 1), y(smooth)] as const;
    if (before) canvas.line(before, point, LINE!);
    before = point;
  }
  for (const { step, loss } of evals)
    if (Number.isFinite(loss)) canvas.box(x(step) - 4, y(loss) - 4, x(step) + 4, y(loss) + 4, HELD!);
  return canvas.png();
}

/** The top of the axis and its numbers: 4 to 8 round steps from 0. */
function scaleOf(largest: number): readonly [number, readonly number[]] {
  const rough = Math.max(largest, 1e-6) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough)!;
  const count = Math.ceil(largest / step);
  return [count * step, Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(6)))];
}

class Canvas {
  private readonly pixels = new Uint8Array(WIDTH * HEIGHT * 3);

  constructor() {
    this.box(0, 0, WIDTH, HEIGHT, PAPER!);
  }

  box(left: number, top: number, right: number, bottom: number, colour: Colour): void {
    for (let y = Math.max(0, Math.round(top)); y < Math.min(HEIGHT, Math.round(bottom)); y++)
      for (let x = Math.max(0, Math.round(left)); x < Math.min(WIDTH, Math.round(right)); x++)
        this.pixels.set(colour, 3 * (y * WIDTH + x));
  }

  line([x0, y0]: readonly [number, number], [x1, y1]: readonly [number, number], colour: Colour): void {
    const steps = Math.max(1, Math.ceil(Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0))));
    for (let i = 0; i <= steps; i++) {
      const [x, y] = [x0 + ((x1 - x0) * i) / steps, y0 + ((y1 - y0) * i) / steps];
      this.box(x - 1, y - 1, x + 1, y + 1, colour);
    }
  }

  text(text: string, x: number, y: number, align: 'middle' | 'end'): void {
    const width = text.length * (3 * GLYPH + GAP) - GAP;
    let left = x - (align === 'end' ? width : width / 2);
    for (const char of text) {
      for (const [row, bits] of (GLYPHS[char] ?? []).entries())
        for (let bit = 0; bit < 3; bit++)
          if (bits & (4 >> bit))
            this.box(left + bit * GLYPH, y + row * GLYPH, left + (bit + 1) * GLYPH, y + (row + 1) * GLYPH, INK!);
      left += 3 * GLYPH + GAP;
    }
  }

  /** PNG, 8-bit RGB: signature, IHDR, one IDAT of rows without a filter, IEND. */
  png(): Uint8Array {
    const rows = new Uint8Array(HEIGHT * (1 + 3 * WIDTH));
    for (let y = 0; y < HEIGHT; y++)
      rows.set(this.pixels.subarray(3 * y * WIDTH, 3 * (y + 1) * WIDTH), y * (1 + 3 * WIDTH) + 1);
    const header = new Uint8Array(13);
    const view = new DataView(header.buffer);
    view.setUint32(0, WIDTH);
    view.setUint32(4, HEIGHT);
    header.set([8, 2, 0, 0, 0], 8);
    const parts = [
      Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10),
      chunk('IHDR', header),
      chunk('IDAT', zlibSync(rows, { level: 9 })),
      chunk('IEND', new Uint8Array()),
    ];
    const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  out.set(new TextEncoder().encode(type), 4);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
  return out;
}

function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
