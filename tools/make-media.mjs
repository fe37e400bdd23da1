// Takes the pictures and the clip of the README from the real page: node tools/make-media.mjs
// One story in a browser: take an example, train, ask while it trains, compare, look at the library. The clip is what the
// browser showed, frame by frame, brought to half a minute and encoded by the browser itself.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from '@playwright/test';
import { ensureBrowser } from './ensure-browser.mjs';

const ROOT = path.join(import.meta.dirname, '..');
const OUT = path.join(ROOT, 'docs/images');
const SIZE = { width: 1280, height: 800 };
const CLIP = { width: 960, height: 600, seconds: 30, bitsPerSecond: 280_000 };
const STEPS = 60;
const MINUTE = 60_000;

mkdirSync(OUT, { recursive: true });
const server = await startServer();
const args = ['--no-sandbox', '--enable-unsafe-webgpu'];
if (process.platform === 'linux') args.push('--use-webgpu-adapter=swiftshader');
const browser = await chromium.launch({ executablePath: ensureBrowser(), args });
try {
  const context = await browser.newContext({ viewport: SIZE, colorScheme: 'light', baseURL: server.address });
  const page = await context.newPage();
  page.setDefaultTimeout(5 * MINUTE);
  await page.addInitScript(showPointer);
  const frames = await record(page, () => story(page));
  writeFileSync(path.join(OUT, 'clip.webm'), await encode(await context.newPage(), frames));
} finally {
  await browser.close();
  server.stop();
}

/** What a person does, at the pace of one. */
async function story(page) {
  const picture = (name) => page.screenshot({ path: path.join(OUT, `${name}.png`) });
  const place = (name) => page.getByRole('navigation', { name: 'Places' }).getByRole('link', { name });
  const click = async (what) => {
    await what.scrollIntoViewIfNeeded();
    const { x, y, width, height } = await what.boundingBox();
    await page.mouse.move(x + width / 2, y + height / 2, { steps: 12 });
    await sleep(250);
    await what.click();
    await sleep(500);
  };
  const write = (what, text) => what.pressSequentially(text, { delay: 45 });
  await page.goto('./');
  await place('Base').getByText('ready').waitFor({ state: 'attached' });
  await sleep(800);
  await click(page.getByRole('button', { name: /Pirate voice/ }));
  await page.getByRole('heading', { name: 'pirate.jsonl' }).waitFor();
  await sleep(1200);
  await click(place('Train'));
  await page.getByRole('radio', { name: 'Steps' }).check();
  const settings = page.getByRole('region', { name: 'Settings' });
  const set = async (name, value) => settings.getByRole('spinbutton', { name }).fill(String(value));
  await set('Steps', STEPS);
  await set('Rows per step', 2);
  await set('Tokens per row', 64);
  await set('Held back', 3);
  await sleep(1500);
  await click(page.getByRole('button', { name: 'Start training' }));
  const run = page.getByRole('region', { name: 'Run', exact: true });
  await run.getByText(new RegExp(`step ${STEPS / 2} of`)).waitFor();
  await write(page.getByRole('textbox', { name: 'Prompt' }), 'How are you today?');
  await click(page.getByRole('button', { name: 'Ask both' }));
  const duel = page.getByRole('region', { name: 'Same question, two answers' });
  await duel
    .getByText(/finished|cut at/)
    .nth(1)
    .waitFor();
  await picture('run');
  await run.getByText(`Done: ${STEPS} steps in`).waitFor();
  await sleep(800);
  await click(run.getByRole('button', { name: 'Try it' }));
  await page.getByRole('switch', { name: 'Show how sure it was' }).click();
  await write(page.getByRole('textbox', { name: 'Prompt' }), 'What do you like to eat?');
  await click(page.getByRole('button', { name: 'Ask both' }));
  await page
    .getByText(/finished|cut at/)
    .nth(1)
    .waitFor();
  await page.getByRole('toolbar').last().getByRole('button').nth(2).hover();
  await sleep(1500);
  await picture('answers');
  await click(place('Library'));
  await sleep(1200);
}

/** Runs `act` and gives back every frame that the browser showed meanwhile, with its time in seconds. */
async function record(page, act) {
  const session = await page.context().newCDPSession(page);
  const frames = [];
  session.on('Page.screencastFrame', ({ data, metadata, sessionId }) => {
    frames.push({ data, at: metadata.timestamp });
    session.send('Page.screencastFrameAck', { sessionId }).catch(() => {});
  });
  await session.send('Page.startScreencast', {
    format: 'jpeg',
    quality: 85,
    maxWidth: CLIP.width,
    maxHeight: CLIP.height,
  });
  await act();
  await session.send('Page.stopScreencast');
  return frames;
}

/** The frames as a WebM file, in the time that the clip may take. */
async function encode(page, frames) {
  const first = frames[0].at;
  const whole = frames.at(-1).at - first;
  const pace = Math.max(1, whole / CLIP.seconds);
  console.log(`${frames.length} frames of ${whole.toFixed(1)} s, shown ${pace.toFixed(1)} times as fast`);
  // At most 15 a second: the rest would be shown too shortly to be seen.
  const shown = [];
  for (const { data, at } of frames) {
    const ms = ((at - first) / pace) * 1000;
    if (shown.length > 0 && ms - shown.at(-1).ms < 66) shown[shown.length - 1] = { ...shown.at(-1), data };
    else shown.push({ ms, data });
  }
  const base64 = await page.evaluate(playBack, { shown, clip: CLIP });
  const bytes = Buffer.from(base64, 'base64');
  console.log(`clip.webm: ${bytes.length} bytes`);
  return bytes;
}

/** In the page: draws the frames on a canvas when their time comes, and records the canvas. */
async function playBack({ shown, clip }) {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: clip.width, height: clip.height });
  const paint = canvas.getContext('2d');
  const recorder = new MediaRecorder(canvas.captureStream(15), {
    mimeType: 'video/webm;codecs=vp9',
    videoBitsPerSecond: clip.bitsPerSecond,
  });
  const parts = [];
  recorder.addEventListener('dataavailable', ({ data }) => parts.push(data));
  const images = await Promise.all(
    shown.map(async ({ data }) => createImageBitmap(await (await fetch(`data:image/jpeg;base64,${data}`)).blob())),
  );
  recorder.start();
  const began = performance.now();
  for (const [i, { ms }] of shown.entries()) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, began + ms - performance.now())));
    paint.drawImage(images[i], 0, 0, clip.width, clip.height);
  }
  await new Promise((resolve) => {
    recorder.addEventListener('stop', resolve);
    setTimeout(() => recorder.stop(), 500);
  });
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

/** In the page: a browser without a window draws no pointer, so the page draws one. */
function showPointer() {
  addEventListener('DOMContentLoaded', () => {
    const dot = document.createElement('div');
    Object.assign(dot.style, {
      position: 'fixed',
      zIndex: 100,
      width: '18px',
      height: '18px',
      margin: '-9px',
      borderRadius: '50%',
      background: '#1d242055',
      border: '2px solid #fff',
      pointerEvents: 'none',
    });
    dot.setAttribute('aria-hidden', 'true');
    document.body.append(dot);
    addEventListener('mousemove', ({ clientX, clientY }) => {
      dot.style.left = `${clientX}px`;
      dot.style.top = `${clientY}px`;
    });
  });
}

async function startServer() {
  const child = spawn(process.execPath, [path.join(ROOT, 'tools/start.mjs'), '--port', '0']);
  let said = '';
  let address;
  while (address === undefined) {
    said += (await once(child.stdout, 'data'))[0];
    address = said.match(/open at (http:\S+) /)?.[1];
  }
  return { address, stop: () => child.kill() };
}
