// The device and the model of a run: opened again where a fault of the GPU has ended them.

import { openFlaggedModel } from './model-flags.ts';
import type { Parsed } from './usage.ts';

type Opened = Awaited<ReturnType<typeof openFlaggedModel>>;

export interface LiveModel extends Opened {
  /** The model on a device that is well. */
  open(): Promise<Opened['model']>;
  close(): void;
}

export async function openLiveModel(flags: Parsed): Promise<LiveModel> {
  let opened = await openFlaggedModel(flags);
  return {
    get device() {
      return opened.device;
    },
    get model() {
      return opened.model;
    },
    async open() {
      if (opened.device.fault !== undefined) opened = await openFlaggedModel(flags);
      return opened.model;
    },
    close() {
      opened.model.destroy();
      opened.device.destroy();
    },
  };
}
