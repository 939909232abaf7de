// A body that comes as a stream, with its size told once it is there.

/** Passes on the pieces of a body; `onWhole` hears how many bytes they were when it has ended, and nothing of one that is broken off or left. */
export function countedBody(
  body: AsyncIterable<Uint8Array>,
  onWhole: (bytes: number) => void,
): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => {
      const pieces = body[Symbol.asyncIterator]()
      let bytes = 0
      return {
        async next() {
          const result = await pieces.next()
          if (result.done) onWhole(bytes)
          else bytes += result.value.length
          return result
        },
        // Not by a generator: that would close the body only when its next piece is there.
        async return() {
          await pieces.return?.()
          return { done: true, value: undefined }
        },
      }
    },
  }
}
