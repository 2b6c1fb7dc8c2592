import jsonata from 'jsonata';
import type { JsonObject, JsonValue } from '../../core/json.ts';

/** A compiled JSONata expression. What it throws is an Error with a message for people. */
export type Expression = (input: JsonValue, bindings: JsonObject) => Promise<JsonValue | undefined>;

/** An expression that does not compile, or that would not give the same each time; says where, counted from 0. */
export class ExpressionError extends Error {
  readonly offset: number | undefined;

  constructor(message: string, offset: number | undefined) {
    super(message);
    this.name = 'ExpressionError';
    this.offset = offset;
  }
}

/** Deeper calls are taken for a recursion without end: it would fill the memory. */
const deepestCall = 1000;

/** A record must be the same when its item is mapped again, or it would not be found to be a duplicate. */
const changingFunctions: ReadonlySet<string> = new Set(['now', 'millis', 'random', 'shuffle']);

/**
 * Compiles a JSONata expression.
 *
 * @throws ExpressionError
 */
export function compileExpression(text: string): Expression {
  const expression = parse(text);
  const changing = findChanging(expression.ast(), new Set());
  if (changing !== undefined) {
    throw new ExpressionError(
      `$${changing} gives something else each time; a record must not. The time is $fetchedAt`,
      undefined,
    );
  }
  return async (input, bindings) => {
    let result: unknown;
    try {
      result = await expression.evaluate(input, bindings);
    } catch (error) {
      throw new Error(messageOf(error), { cause: error });
    }
    if (isFunction(result)) throw new Error('The expression gives a function and no value');
    return result as JsonValue | undefined;
  };
}

function parse(text: string): jsonata.Expression {
  try {
    return jsonata(text, { stack: deepestCall });
  } catch (error) {
    const position =
      typeof error === 'object' && error !== null && 'position' in error ? error.position : 0;
    throw new ExpressionError(
      messageOf(error),
      typeof position === 'number' ? position : undefined,
    );
  }
}

/** JSONata throws plain objects. */
function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error)
    return String(error.message);
  return String(error);
}

function findChanging(node: unknown, seen: Set<object>): string | undefined {
  if (typeof node !== 'object' || node === null || seen.has(node)) return undefined;
  seen.add(node);
  const { type, value } = node as { type?: unknown; value?: unknown };
  if (type === 'variable' && typeof value === 'string' && changingFunctions.has(value))
    return value;
  for (const part of Object.values(node)) {
    const found = findChanging(part, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isFunction(value: unknown): boolean {
  return (
    typeof value === 'function' ||
    (typeof value === 'object' &&
      value !== null &&
      ('_jsonata_function' in value || '_jsonata_lambda' in value))
  );
}
