// How far a download has come, for a person: four times a second while bytes come, at once when they stop coming or come again.

import type { Standstill } from '../model/hub/hub-requests.ts';
import type { OnProgress } from './protocol.ts';

const EVERY_MS = 250;

export interface Download {
  readonly totalBytes: number;
  doneBytes(): number;
}

export class DownloadProgress {
  private download: Download | undefined;
  private standstill: Standstill | undefined;
  private told = Number.NEGATIVE_INFINITY;

  constructor(private readonly onProgress: OnProgress) {}

  /** Its size is known. */
  begin(download: Download): void {
    this.download = download;
    this.tell();
  }

  /** Bytes have come. */
  bytes(): void {
    if (performance.now() - this.told >= EVERY_MS) this.tell();
  }

  stands(standstill: Standstill | undefined): void {
    this.standstill = standstill;
    this.tell();
  }

  tell(): void {
    this.told = performance.now();
    const { download, standstill } = this;
    const [done, total] = download ? [download.doneBytes(), download.totalBytes] : [0, 0];
    this.onProgress({ what: 'model', done, total, unit: 'bytes', ...(standstill && { standstill }) });
  }
}
