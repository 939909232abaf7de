// A method whose name would break the client.
import { contract, unary } from 'servicekit'

contract('shop', { then: unary.of<{ item: string }, { cents: number }>() })
