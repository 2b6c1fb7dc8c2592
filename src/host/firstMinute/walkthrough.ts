import * as vscode from 'vscode';
import { walkthroughId, type WalkthroughStep } from '../../contributions.ts';
import type { Services } from '../services.ts';

/** Opens the walkthrough, at a step where one is named. */
export async function openWalkthrough(
  { context, walkthrough }: Services,
  step?: WalkthroughStep,
  toSide = false,
): Promise<void> {
  const category = `${context.extension.id}#${walkthroughId}`;
  await walkthrough.whileOpening(() =>
    vscode.commands.executeCommand(
      'workbench.action.openWalkthrough',
      step === undefined ? category : { category, step },
      toSide,
    ),
  );
}
