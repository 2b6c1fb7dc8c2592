import type { SourceDefinition } from '../../src/core/customSource/definition.ts';

export const shelvesSource: SourceDefinition;
