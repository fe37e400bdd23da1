// What the browser tests share. Every page is watched: an error on it, in its worker or in its console fails the test, and
// so does a request to any host that the test did not name.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test as base, expect, type Page } from '@playwright/test';
import { unzipSync } from 'fflate';

export { expect };

export const ROOT = path.join(import.meta.dirname, '..');

export const test = base.extend<{ otherHosts: readonly string[]; expectedErrors: RegExp }>({
  /** Origins beside the page's own that a test may see requests to. */
  otherHosts: [[], { option: true }],
  /** Errors in the console that a test brings about; by default none are forgiven. */
  expectedErrors: [/^$/, { option: true }],
  page: async ({ page, baseURL, otherHosts, expectedErrors }, use) => {
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(`error on the page: ${error.stack ?? error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error' && !expectedErrors.test(message.text()))
        problems.push(`console: ${message.text()}`);
    });
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      const isLocal =
        ['blob:', 'data:'].includes(protocol) || [new URL(baseURL!).origin, ...otherHosts].includes(origin);
      if (!isLocal) problems.push(`request to another host: ${request.url()}`);
    });
    await use(page);
    expect(problems).toEqual([]);
  },
});

/** Opens the page and waits until the bundled base is ready, which needs WebGPU. */
export async function openPage(page: Page): Promise<void> {
  await page.goto('./');
  await expect(place(page, 'Base')).toHaveAccessibleName(/ready/, { timeout: 3 * 60_000 });
}

/** A page of the same origin with nothing on it: for what has to lie in the browser's storage before Graft is opened. */
export async function openBlank(page: Page): Promise<void> {
  const body = '<!doctype html><link rel="icon" href="data:,">';
  await page.route('**/blank', (route) => route.fulfill({ contentType: 'text/html', body }));
  await page.goto('./blank');
}

/** The link to one of the five places. */
export function place(page: Page, name: 'Base' | 'Data' | 'Train' | 'Play' | 'Library') {
  return page.getByRole('navigation', { name: 'Places' }).getByRole('link', { name });
}

export const EXAMPLE = path.join(ROOT, 'public/examples/weather-haiku.jsonl');

/** A run that takes seconds even without a GPU: some steps of rank 2 on the haiku, unless told otherwise. */
export interface SmallRun {
  readonly steps: number;
  readonly name: string;
  readonly rank?: number;
  readonly rowsPerStep?: number;
  readonly tokensPerRow?: number;
  /** Other numbers of the settings, by their labels. */
  readonly others?: Readonly<Record<string, number>>;
}

/** Drops the haiku and fills in a small run, ready to be started in Train. */
export async function fillSmallRun(page: Page, run: SmallRun): Promise<void> {
  await dropFiles(page, [EXAMPLE]);
  await expect(page.getByRole('heading', { name: path.basename(EXAMPLE) })).toBeVisible();
  await place(page, 'Train').click();
  await fillSettings(page, run);
}

/** The settings of a small run, in Train. */
export async function fillSettings(page: Page, run: SmallRun): Promise<void> {
  const { steps, name, rank = 2, rowsPerStep = 1, tokensPerRow = 16, others } = run;
  await page.getByRole('radio', { name: 'Steps' }).check();
  const numbers = { Rank: rank, Steps: steps, 'Rows per step': rowsPerStep, 'Tokens per row': tokensPerRow, ...others };
  for (const [label, value] of Object.entries(numbers))
    await page.getByRole('region', { name: 'Settings' }).getByRole('spinbutton', { name: label }).fill(String(value));
  await page.getByRole('textbox', { name: 'Name of the adapter' }).fill(name);
}

/**
 * From now on a step of the page's runs takes 100 ms at least, however fast the machine is: what a test does on the way comes before
 * the end. A page that is loaded anew has to be told again.
 */
export async function paceSteps(page: Page): Promise<void> {
  await page.workers()[0]!.evaluate(() => {
    const map = GPUBuffer.prototype.mapAsync;
    GPUBuffer.prototype.mapAsync = async function (...how) {
      const least = new Promise((resolve) => setTimeout(resolve, 100));
      await map.apply(this, how);
      await least;
      return undefined;
    };
  });
}

/** The GPU is lost at the next step that the page's worker makes; or every GPU that it is given, until the function that comes is called. */
export async function loseGpu(page: Page, { always = false } = {}): Promise<() => Promise<void>> {
  const worker = page.workers()[0]!;
  await worker.evaluate((isAlways) => {
    const create = GPUDevice.prototype.createCommandEncoder;
    const giveBack = () => {
      GPUDevice.prototype.createCommandEncoder = create;
    };
    GPUDevice.prototype.createCommandEncoder = function (descriptor) {
      if (!isAlways) giveBack();
      this.destroy();
      return create.call(this, descriptor);
    };
    Object.assign(globalThis, { giveBack });
  }, always);
  return () => worker.evaluate('giveBack()');
}

/**
 * The next step finds a gradient that is not finite: the page's worker reads so from the GPU, whatever was there. Numbers that a
 * high rate drives apart may come to rest again at some height, and do so or not by the rounding of a device.
 */
export async function spoilGradient(page: Page): Promise<void> {
  await page.workers()[0]!.evaluate(() => {
    const read = GPUBuffer.prototype.getMappedRange;
    GPUBuffer.prototype.getMappedRange = function (...range) {
      const bytes = read.apply(this, range);
      // The gradient's norm, and how many of its numbers are not finite: nothing else is as short.
      if (bytes.byteLength !== 8) return bytes;
      GPUBuffer.prototype.getMappedRange = read;
      return Float32Array.of(Number.NaN, 1).buffer;
    };
  });
}

/** Drops files from the disk on the middle of the page, as the desktop would: through the browser's own input. */
export async function dropFiles(page: Page, files: readonly string[]): Promise<void> {
  const { width, height } = page.viewportSize()!;
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [...files], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: width / 2, y: height / 2, data });
  }
  await session.detach();
}

/** What a zip holds, by file name. */
export function readZip(file: string): Map<string, Buffer> {
  const files = unzipSync(readFileSync(file));
  return new Map(Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes)]));
}

export interface Tensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Reads a safetensors file of f32 tensors by the letter of the format; anything that bends it fails the test. */
export function readSafetensors(bytes: Buffer): { metadata: Record<string, string>; tensors: Map<string, Tensor> } {
  const headerBytes = Number(bytes.readBigUInt64LE(0));
  expect((8 + headerBytes) % 8, 'the data starts at a multiple of 8').toBe(0);
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes));
  const { __metadata__: metadata, ...entries } = header;
  const data = bytes.subarray(8 + headerBytes);
  const tensors = new Map<string, Tensor>();
  let end = 0;
  type Entry = { dtype: string; shape: number[]; data_offsets: [number, number] };
  const sorted = Object.entries<Entry>(entries).sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0]);
  for (const [name, { dtype, shape, data_offsets: offsets }] of sorted) {
    expect(dtype, name).toBe('F32');
    expect(offsets[0], `${name} follows the tensor before it without a hole`).toBe(end);
    expect(offsets[1] - offsets[0], name).toBe(4 * shape.reduce((a, b) => a * b, 1));
    end = offsets[1];
    tensors.set(name, { shape, values: new Float32Array(Uint8Array.from(data.subarray(...offsets)).buffer) });
  }
  expect(end, 'the file ends with its last tensor').toBe(data.length);
  return { metadata, tensors };
}
