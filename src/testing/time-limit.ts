// Limits on time. Speed is judged on a machine with no other job, by `npm run report:reliability`, which sets GRAFT_JUDGE_TIMES;
// elsewhere a limit is there to find what has become slower by an order, not a slow machine.

/** Whether figures of time are judged as promised. */
export const judgesTimes = process.env.GRAFT_JUDGE_TIMES !== undefined;

/** How long something may take that is promised to take at most `ms`. */
export function timeLimit(ms: number): number {
  return judgesTimes ? ms : 10 * ms;
}
