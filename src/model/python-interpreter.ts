// Jinja as Python runs it, where @huggingface/jinja (0.5.11) gives another text without a word, or knows no map('tojson'):
//
//   {{ text.lstrip('\n') }}     takes away the characters it is given, not all white space (Qwen3 cuts thoughts off so)
//   {% break %}, {% continue %} keep what the round has said so far
//   {% set x = 1 %}             in a loop is forgotten when the round ends
//   {{ 1 == '1' }}              values of different kinds are different, and lists are equal when their items are
//   {{ 'aB' | capitalize }}     makes the rest small
//   {{ (0 - 1) % 2 }}           has the sign of the divisor
//   {{ true }}, {{ [none] }}    are written as Python writes them

import { Environment, Interpreter } from '@huggingface/jinja';
import { isEqual, repr, type Value } from './python-values.ts';

type Statement = Parameters<Interpreter['evaluate']>[0];
type Scope = Parameters<Interpreter['evaluate']>[1];
/** A node of the syntax tree; what it has depends on its type. */
interface Node {
  readonly type: string;
  readonly body?: readonly Node[];
  readonly callee?: Node;
  readonly args?: readonly Node[];
  readonly object?: Node;
  readonly property?: Node;
  readonly value?: unknown;
  readonly computed?: boolean;
  readonly operator?: { readonly value: string };
  readonly operand?: Node;
  readonly filter?: Node;
  readonly left?: Node;
  readonly right?: Node;
}

/** What returns null and says nothing. */
const SILENT = /^(Set|Macro|Comment)$/;

export class PythonInterpreter extends Interpreter {
  private readonly loopBodies = new WeakSet<object>();
  /** What was said before the jump, by the library's error. */
  private readonly jumps = new WeakMap<object, { readonly isBreak: boolean; said: string }>();
  /** Loops with a round that came to its end, by their scopes; those that are over, which the next round ends; what is to be said yet. */
  private readonly rounds = new WeakSet<Scope>();
  private readonly broken = new WeakMap<Scope, unknown>();
  private readonly unsaid = new WeakMap<Scope, string>();

  constructor(...args: ConstructorParameters<typeof Interpreter>) {
    super(...args);
    const library = this as unknown as { evaluateBlock(statements: readonly Node[], scope: Scope): Value };
    library.evaluateBlock = (statements, scope) => this.say(statements, scope);
  }

  override evaluate(statement: Statement, scope: Scope): Value {
    const node = statement as unknown as Node | undefined;
    if (node === undefined) return super.evaluate(statement, scope);
    const value = this.otherwise(node, scope) ?? this.asItIs(node, scope);
    if (node.operator?.value === '%') this.giveSign(value, node, scope);
    if (/^(Boolean|Array|Tuple|Object)Value$/.test(value.type)) value.toString = () => repr(value);
    return value;
  }

  private of(node: Node, scope: Scope): Value {
    return this.evaluate(node as unknown as Statement, scope);
  }

  private asItIs(node: Node, scope: Scope): Value {
    if (node.type === 'For') this.loopBodies.add(node.body!);
    try {
      return super.evaluate(node as unknown as Statement, scope);
    } catch (error) {
      if (node.type === 'Break' || node.type === 'Continue')
        this.jumps.set(error as object, { isBreak: node.type === 'Break', said: '' });
      throw error;
    }
  }

  /** The text of a block of statements. */
  private say(statements: readonly Node[], scope: Scope): Value {
    const isRound = this.loopBodies.has(statements);
    if (isRound && this.broken.has(scope)) throw this.broken.get(scope);
    let said = this.unsaid.get(scope) ?? '';
    this.unsaid.delete(scope);
    const own = isRound ? new Environment(scope) : scope;
    try {
      for (const node of statements) {
        const value = this.of(node, own);
        if (value.type === 'NullValue' ? !SILENT.test(node.type) : value.type !== 'UndefinedValue') said += str(value);
      }
      if (isRound) this.rounds.add(scope);
    } catch (error) {
      const jump = this.jumps.get(error as object);
      if (jump === undefined) throw error;
      said += jump.said;
      jump.said = isRound ? '' : said;
      if (!isRound) throw error;
      // Until a round comes to its end, the loop's else is to be said.
      if (!this.rounds.has(scope)) {
        this.unsaid.set(scope, said);
        throw error;
      }
      if (jump.isBreak) this.broken.set(scope, error);
    }
    return this.make('StringLiteral', said, scope);
  }

  /** Undefined: as the library has it. */
  private otherwise(node: Node, scope: Scope): Value | undefined {
    if (node.type === 'CallExpression') return this.strip(node, scope);
    if (node.type === 'FilterExpression') return this.filter(node, scope);
    const operator = node.type === 'BinaryExpression' ? node.operator!.value : '';
    if (!['==', '!=', '~'].includes(operator)) return undefined;
    const [left, right] = [this.of(node.left!, scope), this.of(node.right!, scope)];
    return operator === '~'
      ? this.make('StringLiteral', str(left) + str(right), scope)
      : this.make('Identifier', String(isEqual(left, right) === (operator === '==')), scope);
  }

  /** The remainder's, which is the divisor's. */
  private giveSign(remainder: Value, { right }: Node, scope: Scope): void {
    if (typeof remainder.value !== 'number' || remainder.value === 0) return;
    const divisor = this.of(right!, scope).value as number;
    if (remainder.value < 0 !== divisor < 0) remainder.value += divisor;
  }

  /** … | string, … | capitalize, … | map('name of a filter'). */
  private filter({ operand, filter }: Node, scope: Scope): Value | undefined {
    const { value: name, callee, args } = filter!;
    if (name === 'string') return this.make('StringLiteral', str(this.of(operand!, scope)), scope);
    if (name === 'capitalize') {
      const [first = '', ...rest] = str(this.of(operand!, scope));
      return this.make('StringLiteral', first.toUpperCase() + rest.join('').toLowerCase(), scope);
    }
    const [mapped] = args ?? [];
    if (callee?.value !== 'map' || args?.length !== 1 || mapped!.type !== 'StringLiteral') return undefined;
    const list = this.of(operand!, scope);
    if (!Array.isArray(list.value)) return undefined;
    // Each item under a name of its own, so that the library's filter finds it.
    const own = new Environment(scope);
    const nodes = list.value.map((item, i): Node => {
      own.setVariable(`item ${i}`, item);
      return {
        type: 'FilterExpression',
        operand: { type: 'Identifier', value: `item ${i}` },
        filter: { type: 'Identifier', value: mapped!.value },
      };
    });
    return this.of({ type: 'ArrayLiteral', value: nodes }, own);
  }

  /** text.strip(characters), lstrip, rstrip. */
  private strip({ callee, args }: Node, scope: Scope): Value | undefined {
    const { type, object, property, computed } = callee!;
    const side = property?.value;
    const isStrip = side === 'strip' || side === 'lstrip' || side === 'rstrip';
    if (type !== 'MemberExpression' || computed || !isStrip || args?.length !== 1) return undefined;
    const [text, characters] = [this.of(object!, scope), this.of(args[0]!, scope)];
    if (text.type !== 'StringValue' || characters.type !== 'StringValue') return undefined;
    const taken = new Set(characters.value as string);
    const kept = [...(text.value as string)];
    let [begin, end] = [0, kept.length];
    while (side !== 'rstrip' && begin < end && taken.has(kept[begin]!)) begin++;
    while (side !== 'lstrip' && begin < end && taken.has(kept[end - 1]!)) end--;
    return this.make('StringLiteral', kept.slice(begin, end).join(''), scope);
  }

  /** A value of the library's. */
  private make(type: 'StringLiteral' | 'Identifier', value: string, scope: Scope): Value {
    return super.evaluate({ type, value } as unknown as Statement, scope);
  }
}

function str(value: Value): string {
  if (value.type === 'UndefinedValue') return '';
  return value.type === 'NullValue' ? 'None' : value.toString();
}
