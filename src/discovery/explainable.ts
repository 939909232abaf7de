// explainable: which endpointer a client has, for those who explain it; apart, as clients have nothing but their methods.
import type { Endpointer } from './endpointer.ts'

/** What of an endpointer is explained. */
export type Explained = Pick<
  Endpointer<unknown>,
  'instancer' | 'balancer' | 'clock' | 'panic' | 'candidates' | 'explain'
>

const endpointers = new WeakMap<object, Explained>()

/** Lets a client be explained by the endpointer that it has. */
export function explainable<Client extends object, Target>(client: Client, endpointer: Endpointer<Target>): Client {
  endpointers.set(client, endpointer)
  return client
}

/** The endpointer of a client; undefined for one that has none. */
export function endpointerOf(client: object): Explained | undefined {
  return endpointers.get(client)
}
