/** Requests about the figures of this worker's sessions, as Prometheus reads them. */
export interface MetricsRequests {
  /**
   * From here on metrics are served at a port of 127.0.0.1, and no more where they were before. 0: they are not served.
   * Answers with their address. Throws `METRICS_PORT_TAKEN`, `METRICS_PORT_REFUSED`: then they are not served.
   */
  serveMetrics: { params: { port: number }; result: { url: string | null } };
}
