import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { codeOf } from '../../core/errors.ts';
import { atPort, samples, servedIn, type Sample, type ServedSample } from '../../core/samples.ts';
import { collectionFileName, withName } from '../../core/templates.ts';
import { setContextKey } from '../contextKeys.ts';
import type { Services } from '../services.ts';
import { showWarningMessage } from '../window.ts';
import { mediaText } from '../mediaFiles.ts';
import { diskFolders, exists } from '../workspace.ts';
import { readText } from './samples.ts';
import { openWalkthrough } from './walkthrough.ts';

/** The folder that is made where none is open. */
const sampleFolderName = 'collector-sample';

/**
 * Writes the sample collections into the open folder, serves what they collect, and opens the first with what to do
 * next. What is there is never written over: sample files stay as they are, with their addresses. Where no folder is
 * open, one is made in a place that is asked for, and opened. Gives the file; undefined where nobody wanted to.
 */
export async function openSample(services: Services): Promise<vscode.Uri | undefined> {
  if (!vscode.workspace.isTrusted) {
    await tellAboutTrust();
    return undefined;
  }
  if (diskFolders().length === 0) {
    await makeSampleFolder(services);
    return undefined;
  }
  const folder = await pickFolder();
  if (!folder) return undefined;
  const [first] = (await writeSamples(services, folder.uri)) ?? [];
  if (first) await showSample(services, first);
  return first;
}

/** Where this window's folder was made by `openSample` in a window without one: shows what was asked for there. */
export async function continueSample(services: Services): Promise<void> {
  const asked = services.memory.sampleFolder;
  if (asked === undefined || !vscode.workspace.isTrusted) return;
  const folder = diskFolders().find(({ uri }) => uri.toString() === asked);
  if (!folder) return;
  await services.memory.rememberSampleFolder(undefined);
  const [{ name }] = samples;
  await showSample(services, vscode.Uri.joinPath(folder.uri, collectionFileName(name)));
}

async function showSample(services: Services, file: vscode.Uri): Promise<void> {
  await services.samples.before(file);
  // The watcher of files takes seconds to say so, and the empty view is being looked at.
  setContextKey('cfCollector.hasCollections', true);
  services.walkthrough.done('create');
  await vscode.window.showTextDocument(file, {
    preview: false,
    viewColumn: vscode.ViewColumn.One,
  });
  await openWalkthrough(services, 'preview', true);
}

async function tellAboutTrust(): Promise<void> {
  const manage = t('Manage Workspace Trust');
  const chosen = await showWarningMessage(
    t(
      'The sample is a site that this extension serves on this computer, and a collection of it. Neither runs in Restricted Mode.',
    ),
    manage,
  );
  if (chosen === manage) await vscode.commands.executeCommand('workbench.trust.manage');
}

async function pickFolder(): Promise<vscode.WorkspaceFolder | undefined> {
  const folders = diskFolders();
  if (folders.length === 1) return folders[0];
  return vscode.window.showWorkspaceFolderPick({
    placeHolder: t('Which folder should the sample collections be in?'),
  });
}

async function makeSampleFolder(services: Services): Promise<void> {
  const chosen = await vscode.window.showOpenDialog({
    title: t('Where should the folder {0} be made?', sampleFolderName),
    openLabel: t('Make It Here'),
    canSelectFiles: false,
    canSelectFolders: true,
  });
  const [parent] = chosen ?? [];
  if (!parent) return;
  const folder = await freeFolder(parent);
  await vscode.workspace.fs.createDirectory(folder);
  if (!(await writeSamples(services, folder))) return;
  await services.memory.rememberSampleFolder(folder.toString());
  await vscode.commands.executeCommand('vscode.openFolder', folder);
}

/** `collector-sample`, with a number where that is something else already. An earlier sample folder is used again. */
async function freeFolder(parent: vscode.Uri): Promise<vscode.Uri> {
  for (let n = 1; ; n++) {
    const name = n === 1 ? sampleFolderName : `${sampleFolderName}-${n}`;
    const folder = vscode.Uri.joinPath(parent, name);
    if (!(await exists(folder)) || (await isSampleFolder(folder))) return folder;
  }
}

async function isSampleFolder(folder: vscode.Uri): Promise<boolean> {
  const file = vscode.Uri.joinPath(folder, collectionFileName(samples[0].name));
  return servedIn((await readText(file)) ?? '') !== undefined;
}

/** Gives the files, in the order of the samples; undefined where nobody wanted one at another port. */
async function writeSamples(
  services: Services,
  folder: vscode.Uri,
): Promise<vscode.Uri[] | undefined> {
  const files: vscode.Uri[] = [];
  for (const sample of samples) {
    const file = await writeSample(services, folder, sample);
    if (!file) return undefined;
    files.push(file);
  }
  return files;
}

async function writeSample(
  services: Services,
  folder: vscode.Uri,
  sample: Sample,
): Promise<vscode.Uri | undefined> {
  for (const name of [sample.name, `sample-${sample.name}`]) {
    const file = vscode.Uri.joinPath(folder, collectionFileName(name));
    if (!(await exists(file))) {
      const port = await services.samples.serve(sample.server, 0);
      const text = atPort(
        await mediaText(services.context, 'samples', collectionFileName(sample.name)),
        sample.port,
        port,
      );
      await write(file, withName(text, name));
      return file;
    }
    const text = (await readText(file)) ?? '';
    const served = servedIn(text);
    if (served?.server !== sample.server) continue;
    return (await serveAgain(services, file, text, served)) ? file : undefined;
  }
  throw new Error(
    t(
      'The names {0} and {1} are both taken by other files. Rename one of them first.',
      collectionFileName(sample.name),
      collectionFileName(`sample-${sample.name}`),
    ),
  );
}

/** Serves an earlier sample at its port; where that is taken, at another one, if a person says so (else: false). */
async function serveAgain(
  services: Services,
  file: vscode.Uri,
  text: string,
  { server, port }: ServedSample,
): Promise<boolean> {
  try {
    await services.samples.serve(server, port);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'SAMPLE_PORT_TAKEN') throw error;
  }
  const move = t('Use Another Port');
  const chosen = await showWarningMessage(
    t('Another program uses port {0}', String(port)),
    {
      modal: true,
      detail: t(
        '{0} is served there. At another port it is another site: what was collected stays, and its unfinished sessions can’t be resumed.',
        vscode.workspace.asRelativePath(file),
      ),
    },
    move,
  );
  if (chosen !== move) return false;
  const other = await services.samples.serve(server, 0);
  await write(file, atPort(text, port, other));
  return true;
}

function write(file: vscode.Uri, text: string): Thenable<void> {
  return vscode.workspace.fs.writeFile(file, new TextEncoder().encode(text));
}
