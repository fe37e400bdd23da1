// What a test has measured, for docs/reliability.md: printed, and with GRAFT_FIGURES=<file> appended there as a line of JSON.

import { appendFileSync } from 'node:fs';

/** `promise`: a row of the report ("input: zips"). `figure`: one sentence with numbers. */
export function tellFigure(promise: string, figure: string): void {
  console.info(`${promise}: ${figure}`);
  const file = process.env.GRAFT_FIGURES;
  if (file) appendFileSync(file, `${JSON.stringify({ promise, figure })}\n`);
}
