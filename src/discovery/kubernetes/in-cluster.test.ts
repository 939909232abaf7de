import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { inCluster } from './in-cluster.ts'

const environment = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' }

/** The folder of a pod's service account. */
function account(files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'servicekit-account-'))
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  for (const [name, text] of Object.entries(files)) write(name, text)
  return { folder, write, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}

const whole = { token: 'one\n', 'ca.crt': 'PEM', namespace: 'shop\n' }

describe('inCluster', () => {
  it('gives what Kubernetes has put into the container, with the token of the moment', async () => {
    using pod = account(whole)
    const { url, token, tls, namespace } = inCluster({ folder: pod.folder, environment })
    assert.deepEqual([url, tls, namespace, await token()], ['https://10.0.0.1:443', { ca: 'PEM' }, 'shop', 'one'])
    pod.write('token', 'two\n')
    assert.equal(await token(), 'two')
  })

  it('writes the address of an IPv6 cluster in brackets', () => {
    using pod = account(whole)
    const { url } = inCluster({
      folder: pod.folder,
      environment: { ...environment, KUBERNETES_SERVICE_HOST: 'fd00::1' },
    })
    assert.equal(url, 'https://[fd00::1]:443')
  })

  it('says at once where this is no pod, or one without a token', () => {
    using pod = account({ 'ca.crt': 'PEM', namespace: 'shop' })
    assert.throws(
      () => inCluster({ folder: pod.folder, environment: {} }),
      /KUBERNETES_SERVICE_HOST.* not set.* no pod/,
    )
    assert.throws(
      () => inCluster({ folder: pod.folder, environment }),
      /the pod has no service account that can be read: .*token/,
    )
  })

  it('reads the environment of the process when nothing else is said, and not before', () => {
    assert.throws(
      () => inCluster({ folder: '/nowhere' }),
      process.env['KUBERNETES_SERVICE_HOST'] ? /nowhere/ : /no pod/,
    )
  })
})
