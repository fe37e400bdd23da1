// Which of the five places is shown. The address holds it (#/train), so that back, forward and bookmarks work.
import { createStore } from 'zustand/vanilla';
import { keep, kept } from '../keep.ts';

export const PLACES = ['base', 'data', 'train', 'play', 'library'] as const;
export type Place = (typeof PLACES)[number];

const isPlace = (value: unknown): value is Place => PLACES.includes(value as Place);

function placeInAddress(): Place | undefined {
  const name = location.hash.match(/^#\/(\w+)/)?.[1];
  return isPlace(name) ? name : undefined;
}

function firstPlace(): Place {
  const last = kept('place');
  return placeInAddress() ?? (isPlace(last) ? last : 'data');
}

interface Shown {
  readonly place: Place;
  /** What follows the place in the address: a view of its own within it ("#/train/runs"). */
  readonly view: string | undefined;
}

export const placeStore = createStore<Shown>(() => ({ place: 'data', view: undefined }));

const viewInAddress = () => location.hash.match(/^#\/\w+\/(\w+)/)?.[1];

/** What follows a `?` in the hash is kept from place to place. */
export function placeHref(place: Place, view?: string): string {
  const tail = location.hash.includes('?') ? location.hash.slice(location.hash.indexOf('?')) : '';
  return `#/${place}${view ? `/${view}` : ''}${tail}`;
}

export function goTo(place: Place): void {
  // The address changes at once, the store a moment later.
  if (placeInAddress() !== place || viewInAddress()) location.hash = placeHref(place);
}

export function followAddress(): void {
  const show = (place: Place) => {
    placeStore.setState({ place, view: viewInAddress() });
    keep('place', place);
  };
  show(firstPlace());
  addEventListener('hashchange', () => {
    const place = placeInAddress();
    if (place) {
      show(place);
      scrollTo(0, 0);
    }
  });
}
