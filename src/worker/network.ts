import type { HttpSettings } from '../protocol/worker.ts';
import type { NetworkSettings } from '../sources/source.ts';

/** The editor's settings about the network, as sources take them. */
export function networkOf(http: HttpSettings): NetworkSettings {
  return {
    noProxy: http.noProxy,
    strictSsl: http.strictSsl,
    systemCertificates: http.systemCertificates,
    ...(http.proxy === null ? {} : { proxy: http.proxy }),
    ...(http.contact === null ? {} : { contact: http.contact }),
  };
}
