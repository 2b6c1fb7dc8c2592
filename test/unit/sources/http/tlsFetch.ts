import { codeOf } from '../../../../src/core/errors.ts';
import { HttpClient } from '../../../../src/sources/http/client.ts';
import type { NetworkSettings } from '../../../../src/sources/source.ts';
import { makeContext } from '../../../conformance/drive.ts';
import { get, requestDefaults } from './httpBench.ts';

// Run by tls.test.ts: fetches one URL and prints the body, or the code of the error.
const [url = '', network = '{}'] = process.argv.slice(2);
const client = new HttpClient({
  context: makeContext({ network: JSON.parse(network) as NetworkSettings }),
  request: requestDefaults,
});
try {
  console.log((await client.fetch(get(url))).body.toString());
} catch (error) {
  console.log(codeOf(error));
}
await client.close();
