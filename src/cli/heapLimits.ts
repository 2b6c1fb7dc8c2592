import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Past this the young generation brings no speed here, and three times its size is memory that is never given back. */
const youngGenerationBytes = 8 * 1024 * 1024;

/**
 * Keeps the process small. A collection keeps some 20 MB alive and makes hundreds of megabytes of short-lived text a
 * second; left alone, V8 answers that with a heap of 300 MB. The old generation's growth is damped, and the young one's
 * ended at a few megabytes. For the command line only: in an extension host the flags would be everybody's.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=20');
  const observer = new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
    if ((young?.space_size ?? 0) < youngGenerationBytes) return;
    // Its largest size can't be set any more once V8 runs, but its growth can.
    setFlagsFromString('--semi-space-growth-factor=1');
    observer.disconnect();
  });
  observer.observe({ entryTypes: ['gc'] });
}
