// The page's first lines: choose the engine, wake what follows what, draw.
// The stylesheets of the whole page come first, so that a panel's own may refine them.
import './face/tokens.css';
import './face/page.css';
import './controls/controls.css';

import { createRoot } from 'react-dom/client';
import { startEngine } from '../engine/client.ts';
import { App } from './app.tsx';
import { bringUp } from './bring-up.ts';
import { followBaseAndLength } from './data/data-store.ts';
import { setEngine } from './engine.ts';
import { followLibrary } from './play/play-store.ts';
import { followAddress } from './shell/place-store.ts';
import { followRequests } from './shell/sent-store.ts';
import { followTheme } from './shell/theme-store.ts';
import { catchUnclaimed, showTrouble } from './shell/trouble-store.ts';
import { followPlan } from './train/plan-store.ts';
import { guardRun } from './train/start-run.ts';

catchUnclaimed();
followTheme();
followRequests();

// In development, `#fake` in the address puts an engine without a GPU behind the page, to look at every state of it.
// A build has `import.meta.env.DEV` false here, so neither this branch nor the file it loads is in it.
if (import.meta.env.DEV && location.hash.includes('fake')) {
  const { fakeEngine } = await import('./testing/fake-engine.ts');
  setEngine(fakeEngine(location.hash));
} else {
  try {
    setEngine(startEngine());
  } catch (error) {
    showTrouble(error);
  }
}

followAddress();
followBaseAndLength();
followPlan();
followLibrary();
guardRun();
createRoot(document.getElementById('page')!).render(<App />);
void bringUp();
