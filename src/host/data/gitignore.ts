import { t } from '@vscode/l10n';
import { existsSync } from 'node:fs';
import { appendFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Services } from '../services.ts';
import { showInformationMessage } from '../window.ts';

const entry = '.cf_state/';

/** Offers, once in a workspace, to keep the state folder out of git. Nothing happens outside of a repository. */
export async function offerGitignore(services: Services, workspace: string): Promise<void> {
  if (services.memory.wasOfferedGitignore) return;
  const repository = repositoryAbove(workspace);
  if (repository === undefined || (await isIgnored(repository, workspace))) return;
  await services.memory.rememberGitignoreOffer();
  const add = t('Add to .gitignore');
  const chosen = await showInformationMessage(
    t('Sessions keep their state in {0}. It does not belong into a repository.', entry),
    add,
    t('Not Now'),
  );
  if (chosen === add) await addToGitignore(path.join(workspace, '.gitignore'));
}

/** The nearest folder at or above with a `.git` in it. */
function repositoryAbove(folder: string): string | undefined {
  if (existsSync(path.join(folder, '.git'))) return folder;
  const parent = path.dirname(folder);
  return parent === folder ? undefined : repositoryAbove(parent);
}

/** Whether a `.gitignore` between the workspace folder and its repository names the state folder. */
async function isIgnored(repository: string, workspace: string): Promise<boolean> {
  for (let folder = workspace; ; folder = path.dirname(folder)) {
    const text = await readIfThere(path.join(folder, '.gitignore'));
    if (/^\s*(\*\*\/|\/)?\.cf_state\/?\s*$/m.test(text)) return true;
    if (folder === repository) return false;
  }
}

async function addToGitignore(file: string): Promise<void> {
  const text = await readIfThere(file);
  const newline = text === '' || text.endsWith('\n') ? '' : '\n';
  await appendFile(file, `${newline}${entry}\n`);
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return '';
  }
}
