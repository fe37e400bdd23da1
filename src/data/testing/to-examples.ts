import { NoticeBook } from '../notice-book.ts';
import { type ExampleOptions, toExample } from '../to-example.ts';
import type { Example, Mapping, Notice, Row } from '../types.ts';

/** Several rows, with what is said of them. */
export function toExamples(
  rows: Iterable<Row>,
  mapping: Mapping,
  options: ExampleOptions = {},
): { examples: Example[]; skipped: Notice[]; warnings: Notice[] } {
  const notices = new NoticeBook();
  const examples = [...rows].flatMap((row) => toExample(row, mapping, notices, options) ?? []);
  return { examples, skipped: notices.skipped, warnings: notices.warnings };
}
