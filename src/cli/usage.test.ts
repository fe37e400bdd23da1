import { describe, expect, it } from 'vitest';
import { parseFlags, UsageError } from './usage.ts';

const FLAGS = { steps: { type: 'string' }, lr: { type: 'string' }, json: { type: 'boolean' } } as const;
const parse = (...args: string[]) => parseFlags('train', args, FLAGS, { min: 0, max: 0 });

describe('parseFlags()', () => {
  it('takes negative numbers as values', () => {
    expect(parse('--lr', '-1', '--json').number('lr', 0)).toBe(-1);
  });
  it.each([
    [['--stesp', '4'], 'found --stesp, need one of its flags'],
    [['--steps'], 'found no value for --steps'],
    [['--steps', '--json'], 'found no value for --steps'],
    [['--json=3'], 'found a value for --json, need none'],
    [['-x'], 'found -x, need one of its flags'],
    [['here'], 'found 1 arguments (here), need 0'],
  ])('refuses %j in a line', (args, said) => {
    expect(() => parse(...args)).toThrow(UsageError);
    expect(() => parse(...args)).toThrow(`Cannot run graft train: ${said}`);
    expect(() => parse(...args)).not.toThrow('\n');
  });
});
