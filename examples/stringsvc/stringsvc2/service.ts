// The string service itself: plain functions, which know of no wire, no log and no metrics.

export type StringService = {
  uppercase(request: { s: string }): { v: string; err: string | null }
  count(request: { s: string }): { v: number }
}

export const stringService: StringService = {
  uppercase: ({ s }) => (s === '' ? { v: '', err: 'empty string' } : { v: s.toUpperCase(), err: null }),
  count: ({ s }) => ({ v: Buffer.byteLength(s) }),
}
