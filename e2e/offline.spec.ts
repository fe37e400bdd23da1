// The page as an app: kept at the first visit, it works with the network off, from any sub-path, and sends nothing.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { checkFace } from './axe.ts';
import { dropFiles, EXAMPLE, expect, fillSmallRun, openPage, place, ROOT, test } from './support.ts';

const MINUTE = 60_000;

test.use({ serviceWorkers: 'allow' });

test('after one visit everything works with the network off, the bundled base too', async ({ page, context }) => {
  await openPage(page);
  await page.getByRole('button', { name: /^sent/ }).click();
  const dialog = page.getByRole('dialog', { name: 'What this page has sent' });
  await expect(dialog).toContainText('Kept in this browser: switch the network off', {
    timeout: 3 * MINUTE,
  });
  await page.keyboard.press('Escape');

  await context.setOffline(true);
  await page.reload();
  await expect(place(page, 'Base')).toHaveAccessibleName(/ready/, { timeout: 3 * MINUTE });
  await expect(page.getByRole('button', { name: /Pirate voice/ })).toBeVisible();
  await dropFiles(page, [EXAMPLE]);
  await expect(page.getByRole('heading', { name: 'weather-haiku.jsonl' })).toBeVisible();

  await place(page, 'Play').click();
  await page.getByRole('spinbutton', { name: 'Longest answer' }).fill('4');
  await page.getByRole('textbox', { name: 'Prompt' }).fill('Hello');
  await page.getByRole('button', { name: 'Ask the base' }).click();
  await expect(page.getByRole('article', { name: 'Base' })).toContainText(/finished|cut at/, { timeout: 2 * MINUTE });
  await context.setOffline(false);
});

test('where only service workers may show notifications, a click on one leads to the run all the same', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['notifications']);
  await openPage(page);
  await page.evaluate(`{
    // As Chrome on Android does: to be asked for, not to be made.
    const { requestPermission } = Notification;
    globalThis.Notification = class {
      static requestPermission = () => requestPermission.call(Notification);
      constructor() {
        throw new TypeError('Illegal constructor. Use ServiceWorkerRegistration.showNotification() instead.');
      }
    };
    Object.defineProperty(document, 'hidden', { get: () => true });
  }`);
  await page.evaluate('navigator.serviceWorker.ready.then(() => undefined)');
  const worker = context.serviceWorkers()[0]!;
  await fillSmallRun(page, { steps: 2, name: 'told' });
  const run = page.getByRole('region', { name: 'Run', exact: true });
  await run.getByRole('switch', { name: 'Tell me when it ends' }).click();
  await expect(run.getByRole('switch', { name: 'Tell me when it ends' })).toBeChecked();
  await page.getByRole('button', { name: 'Start training' }).click();
  const titles = () => worker.evaluate('registration.getNotifications().then((all) => all.map(({ title }) => title))');
  await expect.poll(titles, { timeout: 3 * MINUTE }).toEqual(['told']);

  // A test has no hand for the system's own: the event comes from here, and nobody but a person may focus or open a window.
  const click = () =>
    worker.evaluate<string[]>(`(async () => {
      const asked = [];
      WindowClient.prototype.focus = async function () { asked.push('focus ' + this.url); };
      clients.openWindow = async (url) => void asked.push('open ' + url);
      const [notification] = await registration.getNotifications();
      const shown = notification ?? (await registration.showNotification('again'), await registration.getNotifications())[0];
      const event = new NotificationEvent('notificationclick', { notification: shown });
      let work;
      event.waitUntil = (promise) => void (work = promise);
      dispatchEvent(event);
      await work;
      return asked;
    })()`);
  await place(page, 'Data').click();
  const address = new URL('./', page.url()).href;
  expect(await click()).toEqual([`focus ${address}`]);
  await expect(run).toBeVisible();
  await expect.poll(titles).toEqual([]);
  const [other] = await Promise.all([context.newPage(), page.close()]);
  expect(await click()).toEqual([`open ${address}#/train`]);
  await other.close();
});

const ELSEWHERE = 'https://elsewhere.example';
/** Directives of the built page's policy that what is injected runs into. */
const REFUSED = [
  'base-uri',
  'connect-src',
  'frame-src',
  'img-src',
  'object-src',
  'require-trusted-types-for',
  'script-src-elem',
  'style-src-elem',
];

/** The page as it comes from a host that was broken into: with tags of elsewhere in it, but the policy that was built. */
async function injectInto(page: Page): Promise<void> {
  await page.addInitScript(`
    globalThis.refused = [];
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => refused.push(effectiveDirective));
  `);
  await page.context().route(`${ELSEWHERE}/**`, (route) => {
    const headers = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' };
    return route.fulfill({ headers, contentType: 'text/javascript', body: 'globalThis.intruded = true' });
  });
  const head = `
    <script src="${ELSEWHERE}/script.js"></script>
    <script>globalThis.intruded = true</script>
    <link rel="stylesheet" href="${ELSEWHERE}/style.css">
    <base href="${ELSEWHERE}/">`;
  const body = `
    <img alt="" src="${ELSEWHERE}/image.png">
    <iframe title="intruder" src="${ELSEWHERE}/frame.html"></iframe>
    <object data="${ELSEWHERE}/object"></object>`;
  await page.route(new URL(page.url()).origin + new URL(page.url()).pathname, async (route) => {
    const response = await route.fetch();
    const html = await response.text();
    await route.fulfill({
      response,
      body: html.replace('</head>', `${head}</head>`).replace('</body>', `${body}</body>`),
    });
  });
}

test.describe(() => {
  // What the policy stops is told in the console as well.
  test.use({ expectedErrors: /Trusted|Content Security Policy/, otherHosts: [ELSEWHERE], serviceWorkers: 'block' });

  test('what was sent is told per host: nothing, and the browser forbids the rest', async ({ page }) => {
    await openPage(page);
    await page.getByRole('button', { name: 'sent 0 bytes' }).click();
    const dialog = page.getByRole('dialog', { name: 'What this page has sent' });
    const { host } = new URL(page.url());
    await expect(dialog.getByRole('row', { name: host })).toContainText(/0 bytes\s*[\d.]+ [kM]B/);
    await checkFace(page, 'sent');
    await page.keyboard.press('Escape');

    await test.step('text is no script, and no script starts from a text', async () => {
      const refused = (script: string) =>
        page.evaluate<string>(`(() => { try { ${script}; return 'allowed' } catch (e) { return e.name } })()`);
      expect(await refused("document.body.innerHTML = '<b>x</b>'")).toBe('TypeError');
      expect(await refused("new Worker('data:text/javascript,0')")).toBe('TypeError');
      expect(await refused("trustedTypes.createPolicy('other', {})")).toBe('TypeError');
      expect(await refused("document.createElement('b').textContent = 'x'"), 'control').toBe('allowed');
    });

    await test.step('nothing of elsewhere runs, is loaded or told anything, whatever stands in the page', async () => {
      await injectInto(page);
      await openPage(page);
      const injected = `document.querySelectorAll('[src^="${ELSEWHERE}"]').length`;
      expect(await page.evaluate(injected), 'what was injected is there').toBe(3);
      const fetched = `fetch('${ELSEWHERE}/fetch').then(() => 'allowed', (error) => error.name)`;
      expect(await page.evaluate(fetched)).toBe('TypeError');
      expect(await page.workers()[0]!.evaluate(fetched), 'the worker holds the data').toBe('TypeError');
      // What the debugger evaluates may evaluate; what it has put off may not.
      const evaluated = `new Promise((done) => setTimeout(() => { try { done(eval('"allowed"')) } catch (e) { done(e.name) } }))`;
      expect(await page.evaluate(evaluated)).toBe('EvalError');
      await expect.poll(async () => [...new Set(await page.evaluate<string[]>('refused'))].sort()).toEqual(REFUSED);
      expect(await page.evaluate('[globalThis.intruded, document.baseURI.startsWith(location.origin)]')).toEqual([
        undefined,
        true,
      ]);
    });
  });
});

const AT = '/some/where/';

/** The built page served below a sub-path; resolves with its address. */
async function serveBelow(): Promise<{ readonly address: string; close(): void }> {
  const server = spawn(process.execPath, [path.join(ROOT, 'tools/start.mjs'), '--port', '0', '--under', AT]);
  let said = '';
  let address: string | undefined;
  while (address === undefined) {
    said += (await once(server.stdout, 'data'))[0];
    address = said.match(/open at (http:\S+) /)?.[1];
  }
  return { address, close: () => server.kill() };
}

test('the built folder works from a sub-path', async ({ browser }) => {
  const { address, close } = await serveBelow();
  const page = await browser.newPage();
  const seen: string[] = [];
  page.on('request', (request) => seen.push(request.url()));
  page.on('pageerror', (error) => seen.push(`error: ${error.message}`));
  try {
    await page.goto(address);
    await expect(place(page, 'Base')).toHaveAccessibleName(/ready/, { timeout: 3 * MINUTE });
    await place(page, 'Data').click();
    await page.getByRole('button', { name: /Weather haiku/ }).click();
    await expect(page.getByRole('heading', { name: 'weather-haiku.jsonl' })).toBeVisible();
    expect(seen.length).toBeGreaterThan(3);
    expect(seen.filter((url) => !url.startsWith(address) && !url.startsWith('blob:'))).toEqual([]);
  } finally {
    await page.close();
    close();
  }
});
