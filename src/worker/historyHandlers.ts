import { failureGroups } from '../engine/history/failureGroups.ts';
import { HistoryReader } from '../engine/history/historyReader.ts';
import type { HistoryRequests } from '../protocol/history.ts';
import type { Handlers } from '../protocol/rpc.ts';
import { nodeFileSystem } from '../storage/fileSystem.ts';
import { withLevelIndex } from '../storage/sessionReader.ts';
import type { WorkerSessions } from './workerSessions.ts';

/** Answers to the requests about what has become of sessions. */
export function historyHandlers(sessions: WorkerSessions): Handlers<HistoryRequests> {
  const histories = new HistoryReader(nodeFileSystem);
  return {
    readHistory: async (ref) =>
      // What is written of a session of ours may not be durable yet.
      histories.read(await sessions.layout(ref), sessions.runOf(ref)?.store.view.seq),
    groupFailures: async (ref) => {
      const layout = await sessions.layout(ref);
      // That of a run which is just ending is closed; then what is on disk is level.
      const live = await sessions
        .runOf(ref)
        ?.store.levelledIndex()
        .then((index) => failureGroups(index.failures()))
        .catch(() => undefined);
      if (live !== undefined) return live;
      return withLevelIndex(nodeFileSystem, layout, (index) => failureGroups(index.failures()));
    },
  };
}
