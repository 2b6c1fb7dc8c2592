import * as z from 'zod';
import { extensionSourceId } from '../customSource/extensionId.ts';
import { ownCodeParts } from './ownCode.ts';

/** The `extension` source's part of a collection: code of another extension of the editor. */
export const extensionSource = z.strictObject({
  type: z.literal('extension'),
  id: z
    .string()
    .regex(extensionSourceId, 'must be "publisher.extension/name"')
    .describe(
      'The source that another extension has registered: "publisher.extension/name". Runs in the editor only.',
    ),
  ...ownCodeParts,
});

/** The `extension` source's part of a collection. */
export type ExtensionSourceConfig = z.infer<typeof extensionSource>;
