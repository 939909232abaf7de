// What the pages of metrics answer to a method that does not read.

/** 405 for what is neither GET nor HEAD, undefined for those. `what` says what the page shows. */
export function refuseMethod(method: string, what: string): Response | undefined {
  if (method === 'GET' || method === 'HEAD') return undefined
  return new Response(`${what} are read with GET, not ${method}\n`, {
    status: 405,
    headers: { allow: 'GET, HEAD', 'content-type': 'text/plain; charset=utf-8' },
  })
}
