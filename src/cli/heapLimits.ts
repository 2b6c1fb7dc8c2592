import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import type { Collection } from '../core/config.ts';
import { walksPages } from '../core/config/pageSources.ts';

const megabyte = 1024 * 1024;

/**
 * Limits the heap of this process. A collection keeps some 20 MB alive and makes hundreds of megabytes of short-lived
 * text a second; left alone, V8 answers that with a heap of 300 MB. For the command line only: in an extension host the
 * flags would be everybody's.
 */
export function limitHeap({ source }: Collection): void {
  // Sitemaps bring queues of hundreds of thousands: there memory counts for more than the time of the collector.
  if (walksPages(source) && source.sitemaps.length > 0) {
    setFlagsFromString('--heap-growing-percent=20');
    limitYoungGeneration(4 * megabyte);
  } else {
    limitYoungGeneration(16 * megabyte);
  }
}

/**
 * Stops the young generation from growing past a size. Past some megabytes it brings no speed here, and three times its
 * size is memory that is never given back.
 */
export function limitYoungGeneration(bytes: number): void {
  const observer = new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
    if ((young?.space_size ?? 0) < bytes) return;
    // Its largest size can't be set any more once V8 runs, but its growth can.
    setFlagsFromString('--semi-space-growth-factor=1');
    observer.disconnect();
  });
  observer.observe({ entryTypes: ['gc'] });
}
