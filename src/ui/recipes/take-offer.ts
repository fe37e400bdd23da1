// The recipe that is offered fills in the page.
import { goTo } from '../shell/place-store.ts';
import { announce, showTrouble } from '../shell/trouble-store.ts';
import { offerStore } from './offer-store.ts';
import { fillIn } from './recipe-now.ts';
import { words } from './words.ts';

export async function takeOffer(): Promise<void> {
  const { offered, isFilling } = offerStore.getState();
  if (!offered || isFilling) return;
  offerStore.setState({ isFilling: true });
  try {
    await fillIn(offered);
    announce(words.announceFilled);
  } catch (error) {
    showTrouble(error);
  }
  offerStore.setState({ offered: undefined, isFilling: false });
  goTo('train');
}
