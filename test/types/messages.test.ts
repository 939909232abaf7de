// The compiler's messages about the commonest mistakes: each names what is wrong and can be read at a glance.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'

const root = join(import.meta.dirname, '..', '..')
const folder = join('test', 'types', 'mistakes')

/** What a person should be able to read without scrolling: four lines of an editor's hover. */
const mostChars = 560

/** What the message about each mistake must name. */
const named: Readonly<Record<string, RegExp>> = {
  'missing-handler.ts': /Property 'order' is missing/,
  'not-a-schema.ts': /'item' does not exist in type 'Schema/,
  'reserved-name.ts': /the method name then is reserved/,
  'unknown-method.ts': /Property 'prize' does not exist on type 'Client<.*Did you mean 'price'/,
  'wrong-request.ts': /'itm' does not exist in type '\{ item: string; \}'/,
  'wrong-response.ts': /Type '\{ cent: number; \}' is not assignable to type '.*\{ cents: number; \}/,
}

describe('the message about', () => {
  const flags = ['--ignoreConfig', '--noEmit', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck']
  const options = [...flags, '--pretty', 'false', '--allowImportingTsExtensions', '--module', 'nodenext']
  const target = ['--target', 'es2024', '--lib', 'es2024,dom,esnext.disposable', '--types', 'node']
  const files = readdirSync(join(root, folder)).map((file) => join(folder, file))
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const { stdout } = spawnSync(process.execPath, [tsc, ...options, ...target, ...files], {
    cwd: root,
    encoding: 'utf8',
  })
  const messages = new Map<string, string>()
  for (const part of stdout.split(/\n(?=\S)/)) {
    const [, file, text] = /mistakes[\\/]([\w-]+\.ts)\(\d+,\d+\): error TS\d+: ([\s\S]*)/.exec(part) ?? []
    if (file !== undefined && text !== undefined) messages.set(file, (messages.get(file) ?? '') + text)
  }

  for (const [file, form] of Object.entries(named)) {
    it(`${file.replace('.ts', '').replaceAll('-', ' ')} is short and names it`, () => {
      const message = messages.get(file) ?? assert.fail(`${file} compiles:\n${stdout}`)
      assert.match(message, form)
      assert.ok(message.length <= mostChars, `${message.length} characters:\n${message}`)
    })
  }

  it('nothing else', () => assert.deepEqual([...messages.keys()].sort(), Object.keys(named)))
})
