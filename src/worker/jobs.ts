import type { JobContext, JobProgress } from '../core/job.ts';
import type { HostSide } from './workerSessions.ts';

const progressEveryMs = 200;

/** The jobs that this worker is doing: each can be cancelled by its name, and tells how far it is five times a second. */
export class Jobs {
  readonly #host: HostSide;
  readonly #running = new Map<string, AbortController>();

  constructor(host: HostSide) {
    this.#host = host;
  }

  /** Does a job until it ends or is cancelled: then it ends in its own way, by its signal. */
  async run<T>(job: string, action: (context: JobContext) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.#running.set(job, controller);
    let latest: JobProgress | undefined;
    const tell = (): void => {
      if (latest !== undefined) this.#host.emit('progress', { job, ...latest });
      latest = undefined;
    };
    const ticker = setInterval(tell, progressEveryMs);
    try {
      return await action({
        signal: controller.signal,
        onProgress: (progress) => {
          latest = progress;
        },
      });
    } finally {
      clearInterval(ticker);
      tell();
      this.#running.delete(job);
    }
  }

  /** One that has ended meanwhile is left in peace. */
  cancel(job: string): void {
    this.#running.get(job)?.abort();
  }
}
