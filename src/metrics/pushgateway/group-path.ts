// The group that metrics are pushed to, as a path: the job, and the labels that tell one pusher from another.

const labelForm = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/

/**
 * As in `/metrics/job/nightly/instance/h1`. A value with a slash, an empty one, and one that is `.` or `..` is written as `path@base64/…`, which Pushgateway has since version 0.9. Throws a TypeError for
 * a label that is none, and for an empty job.
 */
export function groupPath(job: string, grouping: Readonly<Record<string, string>>): string {
  if (typeof job !== 'string' || job === '') throw new TypeError('job must be a text that is not empty')
  const labels = Object.entries(grouping)
  for (const [name, value] of labels) {
    if (!labelForm.test(name) || name === 'job')
      throw new TypeError(`grouping must have names of labels, other than job, but has ${JSON.stringify(name)}`)
    if (typeof value !== 'string') throw new TypeError(`grouping.${name} must be a text, but is ${typeof value}`)
  }
  return ['/metrics', ...[['job', job] as const, ...labels].map(([name, value]) => part(name, value))].join('/')
}

function part(name: string, value: string): string {
  const text = value.toWellFormed()
  // A path ends neither in nothing nor in dots, which those on the way would take for its form.
  if (/\/|^\.{0,2}$/.test(text)) return `${name}@base64/${Buffer.from(text).toString('base64url') || '='}`
  return `${name}/${encodeURIComponent(text)}`
}
