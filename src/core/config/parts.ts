import * as z from 'zod';

// What several parts of a collection's schema are made of.

/** A whole number from 1 on. */
export const count = (max = Number.MAX_SAFE_INTEGER): z.ZodInt => z.int().min(1).max(max);
/** A text that is not empty. */
export const text = (): z.ZodString => z.string().min(1);

/** An address with what may stand in it. */
export const urlText = text().describe(
  'An http or https URL; may hold {name} templates and ${secret:NAME}.',
);

/** A value that stands for itself. */
export const scalar = z.union([z.string(), z.number(), z.boolean()]);
