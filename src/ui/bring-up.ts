// The first seconds of a visit: find the GPU, open the bundled base, list the adapters, look for a run that was
// interrupted. No click is needed for it.
import { BUNDLED, openBase } from './base/base-store.ts';
import { refreshLibrary } from './library/library-store.ts';
import { bringUpRuns } from './runs/runs-store.ts';
import { openDevice } from './shell/device-store.ts';
import { refreshInterrupted } from './train/interrupted-store.ts';
import { followOtherTabs } from './train/other-tabs.ts';

export async function bringUp(): Promise<void> {
  const [hasDevice] = await Promise.all([openDevice(), refreshLibrary()]);
  if (hasDevice) await openBase(BUNDLED());
  await Promise.all([refreshInterrupted(), bringUpRuns(), followOtherTabs()]);
}
