// What the engine has asked of other machines.

/** Of one host, since the page was opened. */
export interface HostTraffic {
  readonly host: string;
  readonly requests: number;
  /** What was told to it: bodies and, of hosts that are not the page's own, addresses and the headers that were set. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}
