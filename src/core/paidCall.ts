/** A call that costs money, by what the journal says of it. */
export interface PaidCall {
  readonly intent: string;
  readonly unit: number;
  /** What is bought. */
  readonly what: string;
  /** sha256, hex, of what was sent. */
  readonly inputHash: string;
  /** ISO time of the journal line: the call left after it, if at all. */
  readonly intendedAt: string;
  readonly reservedMicroUsd: number;
  /** What it cost in the end; undefined until that is known. */
  readonly spentMicroUsd: number | undefined;
  /** The other side's name for it: it left, and can be found there. */
  readonly handle: { readonly kind: string; readonly id: string } | undefined;
  /** Its answer is durable, whole. */
  readonly isAnswered: boolean;
}

/** It is not known whether the call left. */
export function isInDoubt(call: PaidCall): boolean {
  return !call.isAnswered && call.handle === undefined && call.spentMicroUsd === undefined;
}
