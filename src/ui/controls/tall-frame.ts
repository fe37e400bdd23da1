// A list that is higher than browsers let an element be (Chromium: 2²⁵ device pixels, of which a dense screen and a magnified page
// leave a tenth). It is laid out at no more than MOST_PX, and this frame keeps what the scroll bar then says apart from where in the
// list one is: wheel, fingers and keys move the list by as many pixels as ever, the scroll bar by its share of the whole list.
//
//   place in the list   0 ────────────●────────────────────────────── whole height − window
//                                     │ shift = place − scrollTop: whole pixels, 0 at the top, `left out` at the end
//   scrollTop           0 ───────●────────── laid-out height − window
//
// While one scrolls by hand the shift stays, so the bar lags or runs ahead a little; at rest it is put right. Nothing moves then.

/** Wheel and fingers move it 1:1, so that a coarser bar costs nothing. */
export const MOST_PX = 2_000_000;
/** At both ends list and bar move together for as long: a scroll that ends there arrives. */
const END_PX = 50_000;
/** As long without a scroll is rest. */
const REST_MS = 150;
/** Windows that nobody scrolls through between two events by hand; one pixel of the bar is more. */
const JUMP_WINDOWS = 3;

export class TallFrame {
  /** How much further down the list is than the frame's scrollTop. */
  shift = 0;
  /** Pixels that the list is higher than it is laid out. */
  private leftOut = 0;
  /** scrollTop when it was last looked at. */
  private seen = 0;
  private byHandAt = Number.NEGATIVE_INFINITY;
  private element: HTMLElement | undefined;

  constructor(
    private readonly frame: HTMLElement,
    /** Lines are to be drawn anew. */
    private readonly onShift: () => void,
  ) {}

  /** The frame as it would be if the list had its whole height, for the virtualizer: it reads and writes places in the list. */
  asElement(): HTMLElement {
    this.element ??= new Proxy(this.frame, {
      get: (frame, name) => {
        if (name === 'scrollTop') return this.place();
        if (name === 'scrollHeight') return frame.scrollHeight + this.leftOut;
        if (name === 'scrollTo') return ({ top = 0 }: ScrollToOptions) => this.goTo(top);
        const value: unknown = Reflect.get(frame, name, frame);
        return typeof value === 'function' ? value.bind(frame) : value;
      },
      set: (frame, name, value) => Reflect.set(frame, name, value, frame),
    });
    return this.element;
  }

  /** Called after each layout; the place stays. */
  lay(wholePx: number): void {
    const leftOut = Math.max(0, wholePx - MOST_PX);
    if (leftOut === this.leftOut) return;
    const place = this.seen + this.shift;
    this.leftOut = leftOut;
    this.goTo(place);
  }

  /** Until the function that it returns is called. `atOnce` does what is done before the next picture, lines and all. */
  watch(atOnce: (work: () => void) => void): () => void {
    let rest: ReturnType<typeof setTimeout> | undefined;
    const byHand = () => {
      this.byHandAt = performance.now();
    };
    const scrolled = () => {
      clearTimeout(rest);
      if (this.leftOut === 0) return;
      const settle = () => atOnce(() => this.goTo(this.place()));
      this.place();
      if (this.seen <= 0 || this.seen >= this.most) settle();
      else rest = setTimeout(settle, REST_MS);
    };
    const { frame } = this;
    frame.addEventListener('scroll', scrolled, { passive: true });
    for (const type of HAND_EVENTS) frame.addEventListener(type, byHand, { passive: true });
    return () => {
      clearTimeout(rest);
      frame.removeEventListener('scroll', scrolled);
      for (const type of HAND_EVENTS) frame.removeEventListener(type, byHand);
    };
  }

  /** The greatest scrollTop. */
  private get most(): number {
    return this.frame.scrollHeight - this.frame.clientHeight;
  }

  /** Follows what the browser has scrolled; the virtualizer asks at every scroll, and draws the lines that it finds there. */
  private place(): number {
    const top = this.frame.scrollTop;
    const by = Math.abs(top - this.seen);
    this.seen = top;
    const isByHand = by <= JUMP_WINDOWS * this.frame.clientHeight || performance.now() - this.byHandAt < REST_MS;
    if (!isByHand) this.shift = this.wholeShift(project(top, this.most, this.most + this.leftOut) - top);
    return top + this.shift;
  }

  private goTo(place: number): void {
    const { most } = this;
    const within = Math.max(0, Math.min(most + this.leftOut, place));
    const top = Math.round(project(within, most + this.leftOut, most));
    if (top !== this.seen) this.frame.scrollTop = top;
    this.seen = this.frame.scrollTop;
    const shift = this.wholeShift(within - this.seen);
    if (shift === this.shift) return;
    this.shift = shift;
    this.onShift();
  }

  private wholeShift(shift: number): number {
    return Math.max(0, Math.min(this.leftOut, Math.round(shift)));
  }
}

const HAND_EVENTS = ['wheel', 'touchmove'] as const;

/** A place in 0 … `from` as one in 0 … `to`: as far from the nearer end where that is near, in proportion between. */
export function project(at: number, from: number, to: number): number {
  const end = Math.min(END_PX, from / 2, to / 2);
  if (at <= end) return at;
  if (at >= from - end) return to - (from - at);
  return end + ((at - end) / (from - 2 * end)) * (to - 2 * end);
}
