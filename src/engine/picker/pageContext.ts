import { silentLogger, type Clock, type Random, type Secrets } from '../../core/ports.ts';
import { watchedSecrets, type Redactor } from '../../core/redactor.ts';
import type { Collection } from '../../core/config.ts';
import {
  unlimitedRequests,
  unmetered,
  type NetworkSettings,
  type SourceContext,
} from '../../sources/source.ts';

/** What reading a page needs of the place that it is done in. */
export interface ReadingPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly secrets: Secrets;
  readonly network: NetworkSettings;
  /** Absolute path of the workspace folder. */
  readonly root: string;
}

/** A source's context for one page that is read outside of any session: nothing is counted, logged or written. */
export function pageContext(
  { retry, limits }: Pick<Collection, 'retry' | 'limits'>,
  { clock, random, secrets, network, root }: ReadingPorts,
  redactor: Redactor,
): SourceContext {
  return {
    clock,
    random,
    logger: silentLogger,
    secrets: watchedSecrets(secrets, redactor),
    hide: (name, value) => {
      redactor.learn(name, value);
    },
    health: [],
    retry,
    perHost: limits.perHost,
    network,
    root,
    scratch: root,
    keyFields: undefined,
    requests: unlimitedRequests,
    meter: unmetered,
  };
}
