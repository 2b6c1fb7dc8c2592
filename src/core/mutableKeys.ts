/**
 * Top-level keys of a collection that may change between a start and a resume; a change of any other asks for a new
 * session. In a file of its own, so that the dashboard does not pull in the schema.
 */
export const mutableKeys = [
  'limits',
  'durability',
  'checkpoints',
  'retry',
  'debug',
  '$schema',
] as const;
