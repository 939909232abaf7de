// Where the messages of every stream come from, as they do in a service: an async generator.

export async function* counting(count: number): AsyncGenerator<{ n: number }> {
  for (let n = 0; n < count; n++) yield { n }
}
