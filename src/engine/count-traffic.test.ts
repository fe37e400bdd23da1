import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Traffic } from './count-traffic.ts';
import type { HostTraffic } from './protocol/traffic.ts';

const OWN = 'graft.example';

function counting(answer: (url: string) => Response) {
  const traffic = new Traffic(OWN);
  let hosts: readonly HostTraffic[] = [];
  traffic.follow((now) => {
    hosts = now;
  }, 0);
  const ask = traffic.counted((async (input: string | URL | Request) => answer(String(input))) as typeof fetch);
  const of = async (host: string) => {
    await sleep(10);
    return hosts.find((one) => one.host === host);
  };
  return { ask, of };
}

const answered = (body: string | null, url: string, init?: ResponseInit) =>
  Object.defineProperty(new Response(body, init), 'url', { value: url });

describe('Traffic', () => {
  it('counts nothing as sent when the page asks its own host for a file', async () => {
    const { ask, of } = counting((url) => answered('12345', url, { headers: { etag: 'x' } }));
    const response = await ask(`https://${OWN}/models/scion/config.json`);
    expect(await response.text()).toBe('12345');
    expect([response.status, response.headers.get('etag'), response.url]).toEqual([
      200,
      'x',
      `https://${OWN}/models/scion/config.json`,
    ]);
    expect(await of(OWN)).toEqual({ host: OWN, requests: 1, sentBytes: 0, receivedBytes: 5 });
  });

  it('counts address and headers that another host is told', async () => {
    const { ask, of } = counting((url) => answered('{}', url));
    const url = 'https://hub.example/api/models/org/name';
    await (await ask(url, { headers: { authorization: 'Bearer secret' } })).json();
    const head = `GET ${url}`.length + 'authorization: Bearer secret\r\n'.length;
    expect(await of('hub.example')).toEqual({ host: 'hub.example', requests: 1, sentBytes: head, receivedBytes: 2 });
  });

  it('counts bodies, whoever gets them, and the host that a redirect led to', async () => {
    const { ask, of } = counting(() => answered(null, 'https://storage.example/x', { status: 200 }));
    await ask(`https://${OWN}/upload`, { method: 'POST', body: 'secret rows' });
    expect((await of(OWN))!.sentBytes).toBe(11);
    expect(await of('storage.example')).toMatchObject({ requests: 1, sentBytes: 'https://storage.example/x'.length });
  });
});
