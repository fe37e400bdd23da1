// Which GPU the engine has found, asked once when the page starts.
import { createStore } from 'zustand/vanilla';
import type { DeviceReport } from '../../engine/protocol.ts';
import { engine, sentence } from '../engine.ts';

export const deviceStore = createStore<{ report: DeviceReport | undefined; problem: string | undefined }>(() => ({
  report: undefined,
  problem: undefined,
}));

export async function openDevice(): Promise<boolean> {
  deviceStore.setState({ report: undefined, problem: undefined });
  try {
    const report = await engine().base.openDevice();
    deviceStore.setState({ report });
    return report.status === 'ok';
  } catch (error) {
    deviceStore.setState({ problem: sentence(error) });
    return false;
  }
}
