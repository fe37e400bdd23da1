// The page's first lines: start the engine, wake what follows what, draw.
// The stylesheets of the whole page come first, so that a panel's own may refine them.
import './face/tokens.css';
import './face/page.css';
import './controls/controls.css';

import { createRoot } from 'react-dom/client';
import { startEngine } from '../engine/client.ts';
import { App, fetchPlaces } from './app.tsx';
import { bringUp } from './bring-up.ts';
import { followBaseAndLength, followHash } from './data/data-store.ts';
import { followForDoctor } from './data/doctor-store.ts';
import { followLengths } from './data/lengths-store.ts';
import { followForRanking } from './data/ranking-store.ts';
import { followRows } from './data/table-store.ts';
import { setEngine } from './engine.ts';
import { keepProblem } from './keep.ts';
import { followLibrary } from './play/play-store.ts';
import { keepChat } from './play/talks.ts';
import { followRecipeLinks } from './recipes/offer-store.ts';
import { followInstall, keepForOffline } from './shell/app-store.ts';
import { keepFocus } from './shell/keep-focus.ts';
import { followAddress } from './shell/place-store.ts';
import { followEngineTraffic, followRequests } from './shell/sent-store.ts';
import { followTheme } from './shell/theme-store.ts';
import { catchUnclaimed, showTrouble } from './shell/trouble-store.ts';
import { followAutopilot } from './train/autopilot-store.ts';
import { followPlan } from './train/plan-store.ts';
import { guardRun } from './train/start-run.ts';
import { followEnd } from './train/when-done-store.ts';
import { followRowAndRun } from './xray/xray-store.ts';

catchUnclaimed();
followTheme();
followRequests();
followInstall();
const foreign = keepProblem();
if (foreign) showTrouble(new Error(foreign));

try {
  setEngine(startEngine());
  followEngineTraffic();
} catch (error) {
  showTrouble(error);
}

const page = createRoot(document.getElementById('page')!);
if (location.hash === '#bench') {
  void import('./bench/bench-page.tsx').then(({ BenchPage }) => page.render(<BenchPage />)).catch(showTrouble);
} else {
  followAddress();
  followRecipeLinks();
  followBaseAndLength();
  followRows();
  followForDoctor();
  followForRanking();
  followLengths();
  followHash();
  followRowAndRun();
  followPlan();
  followAutopilot();
  followEnd();
  followLibrary();
  keepChat();
  guardRun();
  keepFocus();
  page.render(<App />);
  void bringUp().finally(() => {
    fetchPlaces();
    void keepForOffline();
  });
}
