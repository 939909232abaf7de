// A wait for what others wait for as well, and which goes on without us.

/** Gives what the promise gives, or rejects with the reason of the signal as soon as that aborts. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    // Also for one who does not wait: nobody else may hear of a failure, which would end the process.
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
