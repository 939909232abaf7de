// What a proof is: a promise about the policies, and what the simulator finds.

/** One number that was promised. */
export interface Finding {
  /** What was simulated. */
  readonly what: string
  /** What was found. */
  readonly value: number
  /** How it is printed. @default with two decimals */
  readonly as?: 'ratio' | 'share' | undefined
  readonly atLeast?: number | undefined
  readonly atMost?: number | undefined
}

/** One promise; the findings are the same for each run of it. */
export interface Claim {
  readonly says: string
  run(): Promise<readonly Finding[]>
}

/** Whether a number is what was promised. */
export function isMet({ value, atLeast = -Infinity, atMost = Infinity }: Finding): boolean {
  return value >= atLeast && value <= atMost
}
