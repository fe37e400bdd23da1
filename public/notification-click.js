// Part of the service worker, which the build makes (vite.config.ts): a click on a notification of a run leads to the run. Chrome on
// Android gives notifications to service workers alone, so that the page hears of no click there (src/ui/train/when-done-store.ts).

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(showRun());
});

/** In a tab that is open, the one in use first; else in a new one. */
async function showRun() {
  const { scope } = self.registration;
  // The page of a first visit is not yet this worker's.
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const [page] = windows
    .filter(({ url }) => url.startsWith(scope))
    .sort((a, b) => Number(b.focused) - Number(a.focused));
  if (page === undefined) return self.clients.openWindow(`${scope}#/train`);
  page.postMessage('show-run');
  return page.focus();
}
