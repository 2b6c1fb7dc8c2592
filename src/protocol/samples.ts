import type { SampleServerName } from '../core/samples.ts';

/** Requests about the sample servers, which live as long as the worker. */
export interface SampleRequests {
  /**
   * Serves a sample on 127.0.0.1; asking again for what is served changes nothing. Where another window serves it at
   * that port, this one takes over when that one ends.
   *
   * Rejects with the code `SAMPLE_PORT_TAKEN` where another program has the port.
   */
  serveSample: {
    params: {
      server: SampleServerName;
      /** 0 chooses a free one. */
      port: number;
    };
    result: { port: number };
  };
}
