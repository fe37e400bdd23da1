import type { Standstill } from '../../engine/protocol.ts';

export const words = {
  close: 'Close',
  copying: {
    copy: 'Copy',
    copied: 'Copied',
    copiedWhat: (what: string) => `Copied. ${what}`,
    byHand: 'Copy it by hand',
    refused: 'The browser does not let this page copy. The text is selected: Ctrl+C copies it, ⌘C on a Mac.',
    byHandText: 'Text to copy',
  },
  reasons: {
    lost: 'Connection lost',
    silent: 'Nothing came for half a minute',
    busy: 'The host is busy',
  } satisfies Record<Standstill['reason'], string>,
  standstill: (reason: string, seconds: number) =>
    `${reason}, trying again ${seconds > 0 ? `in ${seconds} s` : 'now'}. What has come is kept.`,
} as const;
