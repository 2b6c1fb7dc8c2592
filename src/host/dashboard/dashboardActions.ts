import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { resumeSession } from '../collections/startCollection.ts';
import { readTimeoutMs } from '../engine/sessionTracker.ts';
import type { Services } from '../services.ts';
import { openCollection, openLog, openMaster } from '../sessions/openFiles.ts';
import { raiseAndResume } from '../sessions/raiseLimit.ts';
import { resumeFromCheckpoint, retryUnits, showRecoveryPlan } from '../sessions/recovery.ts';
import { engineText } from '../text/engineText.ts';
import { errorWords } from '../text/errorWords.ts';
import type { DashboardActions } from './dashboardManager.ts';
import type { OverviewActions } from './overviewPanel.ts';

/** What a dashboard's buttons do: the same as the commands. */
export function dashboardActions(services: () => Services): DashboardActions {
  return {
    do: {
      pause: ({ ref }) => services().runs.pause(ref),
      resume: (session) => resumeSession(services(), session),
      raiseAndResume: ({ ref }) => raiseAndResume(services(), ref),
      stop: ({ ref }) => services().runs.stop(ref),
      openMaster: ({ ref }) => openMaster(services(), ref),
      openRecords: async ({ ref }) =>
        vscode.commands.executeCommand('cfCollector.openRecords', ref),
      openLog: ({ ref }) => openLog(services(), ref),
      openCollection,
      // Not waited for: it has a progress of its own, and ends with a message that may stay for long.
      validate: async ({ ref }) => void vscode.commands.executeCommand('cfCollector.validate', ref),
      showRecoveryPlan: ({ ref }) => showRecoveryPlan(services(), ref),
    },
    readPast: async (ref) => {
      const { engine } = services();
      const [history, checkpoints] = await Promise.all([
        engine.request('readHistory', ref, readTimeoutMs),
        engine.request('listCheckpoints', ref, readTimeoutMs),
      ]);
      return { history, checkpoints };
    },
    readFailures: async (ref) => {
      const groups = await services().engine.request('groupFailures', ref, readTimeoutMs);
      return groups.map((group) => ({ ...group, message: engineText(group.message) }));
    },
    retryFailed: async (session, units) => {
      if (units === null) return retryUnits(services(), session, null);
      // What they failed of decides whether trying again may be paying again: the page is not asked for that.
      const groups = await services().engine.request('groupFailures', session.ref, readTimeoutMs);
      const wanted = new Set(units);
      const chosen = groups.flatMap((group) =>
        group.units.filter((unit) => wanted.has(unit)).map((unit) => ({ unit, code: group.code })),
      );
      return retryUnits(services(), session, chosen);
    },
    resumeFromCheckpoint: async ({ ref }, id) => {
      const checkpoints = await services().engine.request('listCheckpoints', ref, readTimeoutMs);
      const checkpoint = checkpoints.find((listed) => listed.id === id);
      if (!checkpoint) throw new Error(t('This checkpoint is no longer there.'));
      return resumeFromCheckpoint(services(), { kind: 'checkpoint', ref, checkpoint });
    },
    sayError: (error) => errorWords(error, services().formats).message,
  };
}

/** What the page of all sessions asks for: the same as the commands. */
export function overviewActions(services: () => Services): OverviewActions {
  return {
    session: {
      open: ({ ref }) => services().dashboards.open(ref),
      pause: ({ ref }) => services().runs.pause(ref),
      resume: (session) => resumeSession(services(), session),
      stop: ({ ref }) => services().runs.stop(ref),
    },
    empty: {
      newCollection: async () => vscode.commands.executeCommand('cfCollector.new'),
      openSample: async () => vscode.commands.executeCommand('cfCollector.openSample'),
    },
    sayError: (error) => errorWords(error, services().formats).message,
  };
}
