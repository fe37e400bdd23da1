import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MOST_PX, project, TallFrame } from './tall-frame.ts';

const WINDOW = 560;
const LINE = 68;

/** What the browser does: scrollTop stays within what is laid out, and tells of its changes. */
class Frame extends EventTarget {
  readonly clientHeight = WINDOW;
  scrollHeight = WINDOW;
  private top = 0;
  get scrollTop() {
    return this.top;
  }
  set scrollTop(top: number) {
    this.top = Math.max(0, Math.min(this.scrollHeight - this.clientHeight, Math.round(top)));
  }
  /** A person scrolls. */
  scroll(by: number) {
    this.scrollTop += by;
    this.dispatchEvent(new Event('scroll'));
  }
}

function open(lines: number) {
  const frame = new Frame();
  const draw = vi.fn();
  const tall = new TallFrame(frame as unknown as HTMLElement, draw);
  const list = tall.asElement();
  const stop = tall.watch((work) => work());
  const lay = (count: number) => {
    frame.scrollHeight = Math.min(count * LINE, MOST_PX);
    frame.scrollTop += 0;
    tall.lay(count * LINE);
  };
  lay(lines);
  return { frame, list, draw, tall, lay, stop, end: lines * LINE - WINDOW };
}

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => vi.useRealTimers());

describe('TallFrame', () => {
  it('is the frame itself for a list that fits', () => {
    const { frame, list, tall, end } = open(1000);
    frame.scroll(20_000);
    expect([list.scrollTop, list.scrollHeight, tall.shift]).toEqual([20_000, 68_000, 0]);
    list.scrollTo({ top: end });
    expect([frame.scrollTop, list.scrollTop]).toEqual([end, end]);
  });

  it('goes to any place and to both ends, exactly', () => {
    const { frame, list, tall, end } = open(1_000_000);
    expect(list.scrollHeight - list.clientHeight).toBe(end);
    for (const place of [end, 0, 34 * LINE, 700_000 * LINE, end - 3 * LINE, end, 499_999 * LINE]) {
      list.scrollTo({ top: place });
      expect(list.scrollTop).toBe(place);
      expect(frame.scrollTop + tall.shift).toBe(place);
    }
  });

  it('moves by hand as far as the frame does, and puts the bar right at rest without moving', () => {
    const { frame, list, draw } = open(1_000_000);
    list.scrollTo({ top: 500_000 * LINE });
    for (let i = 1; i <= 200; i++) {
      frame.scroll(100);
      expect(list.scrollTop).toBe(500_000 * LINE + i * 100);
    }
    const [lagging, place] = [frame.scrollTop, list.scrollTop];
    draw.mockClear();
    vi.advanceTimersByTime(1000);
    expect(frame.scrollTop).toBeLessThan(lagging - 19_000);
    expect(list.scrollTop).toBe(place);
    expect(draw).toHaveBeenCalledOnce();
  });

  it('takes a wheel that turns fast for a hand, and the bar for the bar', () => {
    const { frame, list, end } = open(1_000_000);
    list.scrollTo({ top: 500_000 * LINE });
    vi.advanceTimersByTime(1000);
    frame.dispatchEvent(new Event('wheel'));
    frame.scroll(5000);
    expect(list.scrollTop).toBe(500_000 * LINE + 5000);
    vi.advanceTimersByTime(1000);
    frame.scroll(MOST_PX / 4);
    expect(list.scrollTop / end).toBeCloseTo(0.76, 1);
    frame.scroll(MOST_PX);
    expect(list.scrollTop).toBe(end);
    frame.scroll(-MOST_PX);
    expect(list.scrollTop).toBe(0);
  });

  it('comes to both ends by hand, however far it goes without a rest', () => {
    const { frame, list, end } = open(1_000_000);
    for (const [from, by] of [
      [20_000 * LINE, -400],
      [end - 20_000 * LINE, 400],
    ] as const) {
      list.scrollTo({ top: from });
      const seen = [from];
      while (list.scrollTop > 0 && list.scrollTop < end) {
        frame.scroll(by);
        expect(Math.abs(list.scrollTop - seen.at(-1)!)).toBeLessThanOrEqual(400);
        seen.push(list.scrollTop);
        expect(seen.length).toBeLessThan(5000);
      }
      expect(list.scrollTop).toBe(by < 0 ? 0 : end);
    }
  });

  it('stays where it is when lines come, and within what is left when they go', () => {
    const { frame, list, lay, tall } = open(100_000);
    list.scrollTo({ top: 50_000 * LINE });
    lay(1_000_000);
    expect(list.scrollTop).toBe(50_000 * LINE);
    lay(40_000);
    expect(list.scrollTop).toBe(40_000 * LINE - WINDOW);
    lay(100);
    expect([frame.scrollTop, tall.shift]).toEqual([100 * LINE - WINDOW, 0]);
  });
});

describe('project()', () => {
  it('comes back to where it was, and never goes backwards', () => {
    const [from, to] = [68e6, MOST_PX];
    let before = -1;
    for (let at = 0; at <= to; at += 997) {
      const there = project(at, to, from);
      expect(there).toBeGreaterThan(before);
      expect(project(there, from, to)).toBeCloseTo(at, 5);
      before = there;
    }
    expect([project(0, from, to), project(from, from, to), project(1234, from, to)]).toEqual([0, to, 1234]);
    expect(project(700, 1000, 1000)).toBe(700);
  });
});
