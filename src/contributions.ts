/**
 * The ids of everything in package.json's `contributes`: its typed twin. A test holds the two equal.
 */
export const commandIds = [
  'cfCollector.start',
  'cfCollector.new',
  'cfCollector.pause',
  'cfCollector.stop',
  'cfCollector.resume',
  'cfCollector.openDashboard',
  'cfCollector.openMaster',
  'cfCollector.openCheckpoint',
  'cfCollector.openLog',
  'cfCollector.refresh',
] as const;

/** A command's id. */
export type CommandId = (typeof commandIds)[number];
