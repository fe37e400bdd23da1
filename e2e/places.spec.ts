// The five places as they stand at a first visit.

import { checkFace } from './axe.ts';
import { openPage, place, test } from './support.ts';

const PLACES = ['Base', 'Data', 'Train', 'Play', 'Library'] as const;

test('each place at a first visit is accessible in both themes, from 360 px to wide', async ({ page }) => {
  await openPage(page);
  for (const name of PLACES) {
    await place(page, name).click();
    await checkFace(page, `first-visit-${name.toLowerCase()}`);
  }
});
