// node test/tools/collectionReference.ts: writes media/collection-reference.md from src/core/config.ts.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { format } from 'prettier';
import { collectionJsonSchema } from '../../src/core/config.ts';

/** Where people read what a collection file may hold. */
export const referenceFile = path.resolve(
  import.meta.dirname,
  '../../media/collection-reference.md',
);

interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
}

/** The reference as it is kept: a table for each object that has keys of its own. */
export async function referenceText(): Promise<string> {
  const sections: string[] = [];
  describe('', collectionJsonSchema(), sections);
  const head = `# The collection file

\`NAME.collect.json\` is JSON; comments and trailing commas are allowed. This page is made from the schema that
the editor completes from. On a resume only \`limits\`, \`durability\`, \`checkpoints\`, \`retry\` and \`debug\` may have changed.
`;
  return format([head, ...sections].join('\n'), { parser: 'markdown' });
}

function describe(title: string, node: SchemaNode, sections: string[]): void {
  const entries = Object.entries(node.properties ?? {}).filter(([key]) => key !== '$schema');
  const rows = entries.map(([key, child]) => {
    const isRequired = node.required?.includes(key) === true && child.default === undefined;
    const preset =
      child.default === undefined
        ? isRequired
          ? '**required**'
          : ''
        : `\`${JSON.stringify(child.default)}\``;
    return `| \`${key}\` | ${cell(typeText(child))} | ${cell(preset)} | ${cell(child.description ?? '')} |`;
  });
  const heading = title === '' ? '' : `## ${title}\n\n`;
  if (rows.length > 0) {
    sections.push(
      `${heading}| key | value | default | what it does |\n|---|---|---|---|\n${rows.join('\n')}\n`,
    );
  }
  for (const [key, child] of entries) {
    const name = title === '' ? key : `${title}.${key}`;
    for (const branch of branches(child)) {
      describe(`${name}${kindOf(branch)}`, branch, sections);
      // What stands in a list within a list is as in the outer one.
      if (branch.items === undefined || name.includes('[]')) continue;
      for (const item of branches(branch.items))
        describe(`${name}[]${kindOf(item)}`, item, sections);
    }
    if (typeof child.additionalProperties === 'object') {
      for (const branch of branches(child.additionalProperties))
        describe(`${name}.NAME`, branch, sections);
    }
  }
}

function kindOf(node: SchemaNode): string {
  const kind = node.properties?.['type']?.const;
  return typeof kind === 'string' ? ` (type: ${kind})` : '';
}

function branches(node: SchemaNode): readonly SchemaNode[] {
  return node.oneOf ?? node.anyOf ?? [node];
}

function typeText(node: SchemaNode): string {
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.enum !== undefined) return node.enum.map((v) => JSON.stringify(v)).join(' or ');
  const options = node.oneOf ?? node.anyOf;
  if (options !== undefined) return [...new Set(options.map((o) => typeText(o)))].join(' or ');
  if (node.type === 'array')
    return `list of ${node.items === undefined ? 'anything' : typeText(node.items)}`;
  return node.type ?? 'anything';
}

/** Text for a cell of a table. */
export function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

if (process.argv[1] === import.meta.filename) writeFileSync(referenceFile, await referenceText());
