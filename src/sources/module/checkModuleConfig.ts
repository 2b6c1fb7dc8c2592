import path from 'node:path';
import type { ModuleSourceConfig } from '../../core/config/moduleSource.ts';
import { codeOf, type Problem } from '../../core/errors.ts';
import { syntaxTrouble } from './syntax.ts';

/** What is wrong with the file of a `module` source, without running it. */
export async function checkModuleConfig(
  { module }: ModuleSourceConfig,
  root: string,
): Promise<readonly Problem[]> {
  const problem = (code: string, message: string): Problem[] => [
    { code, message, path: 'source.module' },
  ];
  try {
    const trouble = await syntaxTrouble(path.resolve(root, module));
    if (trouble === undefined) return [];
    const { line, column, message } = trouble;
    return problem('CONFIG_BAD_MODULE', `${module}:${line}:${column}: ${message}.`);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') {
      return problem('CONFIG_BAD_MODULE', `${module} can't be read (${codeOf(error)}).`);
    }
    const message = `There is no ${module} in the workspace folder, which paths are relative to.`;
    const missingFile = path.resolve(root, module);
    return problem('CONFIG_NO_MODULE', message).map((one) => ({ ...one, missingFile }));
  }
}
