import { describe, expect, it } from 'vitest';
import { isForeign, perHost, sentBytes } from './sent-store.ts';

const request = (host: string, kind = 'script') => ({ address: '/x', host, kind, receivedBytes: 10 });
const hub = { host: 'huggingface.co', requests: 2, sentBytes: 90, receivedBytes: 1000 };

describe('what was sent', () => {
  it('is nothing to the page’s own host, unless it is a beacon', () => {
    expect(isForeign(request('own'), 'own')).toBe(false);
    expect(isForeign(request('own', 'beacon'), 'own')).toBe(true);
    expect(isForeign(request('other'), 'own')).toBe(true);
  });

  it('is listed per host, the page’s own first, page and engine together', () => {
    const engine = [{ host: 'own', requests: 3, sentBytes: 0, receivedBytes: 500 }, hub];
    expect(perHost({ requests: [request('own'), request('own')], hosts: engine }, 'own')).toEqual([
      { host: 'own', requests: 5, sentBytes: 0, receivedBytes: 520 },
      hub,
    ]);
    expect(sentBytes({ hosts: engine })).toBe(90);
    expect(perHost({ requests: [], hosts: [] }, 'own').length, 'the own host is always there').toBe(1);
  });
});
