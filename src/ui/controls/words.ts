import type { Standstill } from '../../engine/protocol.ts';

export const words = {
  close: 'Close',
  reasons: {
    lost: 'Connection lost',
    silent: 'Nothing came for half a minute',
    busy: 'The host is busy',
  } satisfies Record<Standstill['reason'], string>,
  standstill: (reason: string, seconds: number) =>
    `${reason}, trying again ${seconds > 0 ? `in ${seconds} s` : 'now'}. What has come is kept.`,
} as const;
