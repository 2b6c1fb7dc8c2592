import { start, type Paginator } from './paginator.ts';

/** Everything comes at once. */
export const onePage: Paginator = {
  first: start,
  request: () => ({}),
  next: () => ({ end: 'one page' }),
};
