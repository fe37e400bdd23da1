// Draws the icons of the installed app from public/favicon.svg: node tools/make-icons.mjs. A browser does the drawing.
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { chromium } from '@playwright/test';
import { ensureBrowser } from './ensure-browser.mjs';

const ROOT = path.join(import.meta.dirname, '..');
const OUT = path.join(ROOT, 'public/icons');
const PAPER = '#f7f6f2';
/** Name, edge in pixels, share of it that the picture takes: masks may cut off all but the inner four fifths. */
const ICONS = [
  ['icon-192', 192, 0.8],
  ['icon-512', 512, 0.8],
  ['icon-maskable-512', 512, 0.56],
];

const svg = Buffer.from(readFileSync(path.join(ROOT, 'public/favicon.svg'))).toString('base64');
mkdirSync(OUT, { recursive: true });
const browser = await chromium.launch({ executablePath: ensureBrowser(), args: ['--no-sandbox'] });
for (const [name, size, share] of ICONS) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(
    `<body style="margin:0;display:grid;place-items:center;height:100vh;background:${PAPER}">
       <img alt="" style="width:${share * 100}%" src="data:image/svg+xml;base64,${svg}">
     </body>`,
  );
  await page.screenshot({ path: path.join(OUT, `${name}.png`) });
  await page.close();
}
await browser.close();
