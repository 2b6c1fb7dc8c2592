/** What a page that asks the engine offers to do about what is in its way. */
export const troubleActions = ['showProblem', 'setSecret', 'installBrowser', 'showLog'] as const;
/** One of {@link troubleActions}. */
export type TroubleAction = (typeof troubleActions)[number];

/** What is in the way of a page, in a person's language. */
export interface PageTrouble<Action extends string = TroubleAction> {
  readonly message: string;
  /** The main one first. */
  readonly actions: readonly Action[];
}
