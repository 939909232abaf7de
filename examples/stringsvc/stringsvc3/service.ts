// The string service as the decorators of stringsvc3 see it: a method may answer at once, or ask another process and answer later.
import type { Handlers } from 'servicekit'
import type { stringsvc } from '../stringsvc1/stringsvc.ts'

export type StringService = Handlers<typeof stringsvc>
