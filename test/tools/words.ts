import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { templates } from '../../src/core/templates.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** What `t` is called with where that is not written there: texts of other rooms that the host shows. */
const wordsElsewhere: Readonly<Record<string, readonly string[]>> = {
  'template.title': templates.map(({ title }) => title),
  'template.about': templates.map(({ about }) => about),
  'template.asks.prompt': templates.flatMap(({ asks }) => (asks ? [asks.prompt] : [])),
};

/** A place in the sources, for a message: `src/host/log.ts:12`. */
export type Place = string;

/** What the host says to people, as its sources have it. */
export interface HostWords {
  /** Every text that is looked up in the translations. */
  readonly keys: ReadonlySet<string>;
  /** Calls of `t` with something else than a text: no tool can tell what they look up. */
  readonly unknown: readonly Place[];
}

/** The texts that the host gives to `t`. */
export function hostWords(): HostWords {
  const keys = new Set<string>();
  const unknown: Place[] = [];
  for (const file of sources('src/host/**/*.ts', 'src/extension.ts')) {
    each(file, (node) => {
      if (!ts.isCallExpression(node) || !isT(node.expression)) return;
      const [argument] = node.arguments;
      const texts = argument && (textsOf(argument) ?? wordsElsewhere[argument.getText()]);
      if (texts) for (const text of texts) keys.add(text);
      else unknown.push(placeOf(node));
    });
  }
  return { keys, unknown };
}

/**
 * Texts of the host's and the pages' code that look like sentences or titles and are given to nobody who translates
 * them. Errors' and the log's are for people who read code, and stay in English.
 */
export function untranslated(): readonly Place[] {
  const found: Place[] = [];
  for (const file of sources('src/host/**/*.ts', 'webview/**/*.ts')) {
    // Language models are told in English, whatever their person speaks.
    if (/languageModel\/\w+Tools\.ts$/.test(file.fileName)) continue;
    each(file, (node) => {
      if (!ts.isStringLiteralLike(node) && !ts.isTemplateHead(node)) return;
      if (!/^[A-Z][a-z]+( [A-Za-z]|$)/.test(node.text) || isForDevelopers(node)) return;
      found.push(`${placeOf(node)}: ${node.text}`);
    });
  }
  return found;
}

const errors = /^(Usage|Held|Retry|Throttled|UnitFailed|UnitSkipped|UnitBlocked|Pause|Fault)Error$/;

/**
 * What the engine says, as templates: `{0} is not there.` Its messages are made in English, where they are needed;
 * these are found by their errors' classes, and by `{ code, message }` of problems and findings.
 */
export function engineWords(): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (expression: ts.Expression | undefined) => {
    for (const template of expression ? templatesOf(expression) : []) found.add(template);
  };
  for (const file of sources('src/{core,storage,sources,engine,protocol,worker}/**/*.ts')) {
    each(file, (node) => {
      if (ts.isNewExpression(node) && errors.test(node.expression.getText())) {
        add(node.arguments?.[1]);
      }
      if (ts.isObjectLiteralExpression(node) && propertyOf(node, 'code')) {
        add(propertyOf(node, 'message'));
      }
    });
  }
  return found;
}

function sources(...patterns: readonly string[]): readonly ts.SourceFile[] {
  const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: root })).sort();
  return files
    .filter((file) => !file.endsWith('.d.ts'))
    .map((file) => {
      const text = readFileSync(path.join(root, file), 'utf8');
      return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    });
}

function each(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => {
    each(child, visit);
  });
}

function placeOf(node: ts.Node): Place {
  const file = node.getSourceFile();
  return `${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
}

/** `t`, `l10n.t` or `vscode.l10n.t`. */
function isT(callee: ts.Expression): boolean {
  return /^((vscode\.)?l10n\.)?t$/.test(callee.getText());
}

/** The texts that an expression can be; undefined when they do not stand in it. */
function textsOf(expression: ts.Expression): readonly string[] | undefined {
  if (ts.isStringLiteralLike(expression)) return [expression.text];
  if (ts.isParenthesizedExpression(expression)) return textsOf(expression.expression);
  if (!ts.isConditionalExpression(expression)) return undefined;
  const one = textsOf(expression.whenTrue);
  const other = textsOf(expression.whenFalse);
  return one && other && [...one, ...other];
}

/** In a call of `t`, in an error, in the log, a type, or a name of something that people do not read. */
function isForDevelopers(node: ts.Node): boolean {
  for (let at = node.parent; !ts.isSourceFile(at); at = at.parent) {
    if (ts.isNewExpression(at) && at.expression.getText().endsWith('Error')) return true;
    if (ts.isCallExpression(at)) {
      if (isT(at.expression)) return true;
      if (/\blog\.\w+$|\.log\w*\(?$/i.test(at.expression.getText())) return true;
    }
    if (ts.isTypeNode(at) || ts.isImportDeclaration(at) || ts.isCaseClause(at)) return true;
    if (ts.isBinaryExpression(at) && /^[!=]==$/.test(at.operatorToken.getText())) return true;
  }
  return false;
}

function propertyOf(node: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  for (const property of node.properties) {
    if (property.name?.getText() !== name) continue;
    if (ts.isPropertyAssignment(property)) return property.initializer;
    if (ts.isShorthandPropertyAssignment(property)) return property.name;
  }
  return undefined;
}

/** Something that only the run knows, in a template. */
const hole = Symbol('hole');
type Part = string | typeof hole;

/** More variants of one message than this are no message. */
const maxVariants = 16;

function templatesOf(expression: ts.Expression): readonly string[] {
  const variants = variantsOf(expression, 0);
  if (variants.length > maxVariants) return [];
  return variants
    .map((parts) => {
      let holes = 0;
      return parts.map((part) => (part === hole ? `{${holes++}}` : part)).join('');
    })
    .filter((text) => /[A-Za-z]{2,} .*[a-z]{2,}/.test(text.replace(/\{\d+\}/g, '')));
}

/** Every way in which an expression can read. */
function variantsOf(expression: ts.Expression, depth: number): readonly (readonly Part[])[] {
  const unknown: readonly (readonly Part[])[] = [[hole]];
  if (depth > 8) return unknown;
  if (ts.isStringLiteralLike(expression)) return [[expression.text]];
  if (ts.isParenthesizedExpression(expression)) {
    return variantsOf(expression.expression, depth + 1);
  }
  if (ts.isConditionalExpression(expression)) {
    return [expression.whenTrue, expression.whenFalse].flatMap((one) => variantsOf(one, depth + 1));
  }
  if (ts.isBinaryExpression(expression) && expression.operatorToken.getText() === '+') {
    return product(variantsOf(expression.left, depth + 1), variantsOf(expression.right, depth + 1));
  }
  if (ts.isTemplateExpression(expression)) {
    return expression.templateSpans.reduce<readonly (readonly Part[])[]>(
      (before, span) =>
        product(product(before, variantsOf(span.expression, depth + 1)), [[span.literal.text]]),
      [[expression.head.text]],
    );
  }
  if (ts.isIdentifier(expression)) {
    const value = constantOf(expression);
    return value ? variantsOf(value, depth + 1) : unknown;
  }
  return unknown;
}

function product(
  left: readonly (readonly Part[])[],
  right: readonly (readonly Part[])[],
): readonly (readonly Part[])[] {
  const all = left.flatMap((one) => right.map((other) => [...one, ...other]));
  return all.length > maxVariants ? [[hole]] : all;
}

/** What a `const` that is in sight of a name begins with. */
function constantOf(name: ts.Identifier): ts.Expression | undefined {
  let at: ts.Node = name;
  while (!ts.isSourceFile(at)) {
    at = at.parent;
    if (!ts.isBlock(at) && !ts.isSourceFile(at) && !ts.isCaseOrDefaultClause(at)) continue;
    for (const statement of at.statements) {
      if (!ts.isVariableStatement(statement)) continue;
      const { declarations, flags } = statement.declarationList;
      const found = declarations.find((declaration) => declaration.name.getText() === name.text);
      if (found) return flags & ts.NodeFlags.Const ? found.initializer : undefined;
    }
  }
  return undefined;
}
