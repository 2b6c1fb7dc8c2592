import type { JsonObject, JsonValue } from '../../core/json.ts';
import { compileExpression } from '../text/expression.ts';
import { compilePath } from '../text/jsonPath.ts';

/** Takes something out of a JSON value; `undefined` when it is not there. Only expressions give a promise. */
export type Select = (
  value: JsonValue,
  bindings: () => JsonObject,
) => JsonValue | undefined | Promise<JsonValue | undefined>;

/**
 * Makes a reader of a path, or of a JSONata expression after "=".
 *
 * @throws PathSyntaxError, ExpressionError
 */
export function compileSelect(text: string): Select {
  if (text.startsWith('=')) {
    const evaluate = compileExpression(text.slice(1));
    return (value, bindings) => evaluate(value, bindings());
  }
  return compilePath(text);
}
