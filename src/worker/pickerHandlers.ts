import { UsageError } from '../core/errors.ts';
import { systemClock, systemRandom } from '../core/systemPorts.ts';
import type { ReadingPorts } from '../engine/picker/pageContext.ts';
import type { StudiedPage } from '../engine/picker/studiedPage.ts';
import type { PickerEngineRequests } from '../protocol/picker.ts';
import type { Handlers } from '../protocol/rpc.ts';
import type { HttpSettings } from '../protocol/worker.ts';
import type { Jobs } from './jobs.ts';
import { networkOf } from './network.ts';
import type { HostSide } from './workerSessions.ts';

/** Pages that are kept: each may take hundreds of megabytes. */
const maxPages = 4;

/** Answers to the requests about pages that fields are picked from. What they need is loaded when asked for. */
export function pickerHandlers(
  jobs: Jobs,
  host: Pick<HostSide, 'secret'>,
): Handlers<PickerEngineRequests> {
  const pages = new Map<number, StudiedPage>();
  let lastPage = 0;
  const portsFor = (workspace: string, http: HttpSettings): ReadingPorts => ({
    clock: systemClock,
    random: systemRandom,
    secrets: { get: (name) => host.secret(name) },
    network: networkOf(http),
    root: workspace,
  });
  const pageOf = (number: number): StudiedPage => {
    const page = pages.get(number);
    if (page === undefined) {
      throw new UsageError('PAGE_GONE', 'The page is no longer open. Load it again.');
    }
    return page;
  };
  const keep = (page: StudiedPage): number => {
    pages.set((lastPage += 1), page);
    const [oldest] = pages.keys();
    if (pages.size > maxPages && oldest !== undefined) pages.delete(oldest);
    return lastPage;
  };
  return {
    openPage: ({ job, workspace, file, text, url, http }) =>
      jobs.run(job, async ({ signal }) => {
        const [{ readPage }, { takeSnapshot }, { titleOf }] = await Promise.all([
          import('../engine/picker/readPage.ts'),
          import('../engine/picker/snapshot.ts'),
          import('../engine/picker/guessPage.ts'),
        ]);
        const ports = portsFor(workspace, http);
        const { page, bytes } = await readPage(text, file, url, ports, signal);
        const { url: answered, status } = page.facts;
        return {
          page: keep(page),
          url: answered,
          status,
          title: titleOf(page),
          bytes,
          snapshot: takeSnapshot(page.document),
        };
      }),
    closePage: ({ page }) => {
      pages.delete(page);
      return Promise.resolve(null);
    },
    proposeField: async ({ page, element, items, taken }) => {
      const { proposeField } = await import('../engine/picker/proposeField.ts');
      const studied = pageOf(page);
      return proposeField(studied, studied.element(element), items, taken);
    },
    proposeItems: async ({ page, elements }) => {
      const { proposeItems } = await import('../engine/picker/proposeItems.ts');
      const studied = pageOf(page);
      return proposeItems(
        studied,
        elements.map((n) => studied.element(n)),
      );
    },
    tryField: async ({ page, field, items }) => {
      const { tryField } = await import('../engine/picker/proposeField.ts');
      return tryField(pageOf(page), field, items);
    },
    studyPage: async ({ page, collection }) => {
      const { studyPage } = await import('../engine/picker/studyPage.ts');
      return studyPage(pageOf(page), collection);
    },
    lookAt: ({ job, workspace, as, url, http }) =>
      jobs.run(job, async ({ signal }) => {
        const { lookAt } = await import('../engine/picker/lookAt.ts');
        return lookAt(as, url, portsFor(workspace, http), signal);
      }),
  };
}
