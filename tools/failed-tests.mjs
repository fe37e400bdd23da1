// The tests that failed, by the reports of the three runners, each as "file › test: first line of the message".
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** Of the TAP that `node --test` writes. */
export function failedTools(tap) {
  const lines = tap.split('\n');
  return lines.flatMap((line, i) => {
    const name = /^\s*not ok \d+ - (.*)$/.exec(line)?.[1];
    // The diagnosis is the YAML that follows; a long message is on lines of its own.
    const message = /^ *error: (?:\|-\n)?(.*)$/m.exec(lines.slice(i + 1, i + 12).join('\n'))?.[1];
    return name === undefined ? [] : [entry([name], message)];
  });
}

/** Of vitest's JSON; files under `root` by their path there. */
export function failedUnits({ testResults = [] }, root) {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = path.relative(root, name);
    const failed = assertionResults.filter((test) => test.status === 'failed');
    // A file that does not load has no tests of its own.
    if (status === 'failed' && assertionResults.length === 0) return [entry([file], message)];
    return failed.map((test) => entry([file, test.fullName], test.failureMessages[0]));
  });
}

/** Of Playwright's JSON. */
export function failedInBrowser({ suites = [], errors = [] }) {
  const within = (suite) => [
    ...(suite.suites ?? []).flatMap(within),
    ...(suite.specs ?? [])
      .filter(({ ok }) => !ok)
      .map(({ file, title, tests }) => {
        const results = tests.flatMap((test) => test.results);
        return entry([file, title], results.findLast(({ error }) => error)?.error.message);
      }),
  ];
  return [...suites.flatMap(within), ...errors.map(({ message }) => entry(['between tests'], message))];
}

function entry(names, message = '') {
  const first = stripVTControlCharacters(message).trim().split('\n')[0];
  return names.join(' › ') + (first && `: ${first}`);
}
