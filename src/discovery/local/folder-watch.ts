// Hears at once of files that come and go in a folder, where the system can tell. Whatever it misses, those who look now and then find.
import { type FSWatcher, watch } from 'node:fs'
import { basename } from 'node:path'

/** One watch of a path, which ends with the folder that was there. It does not hold the process. */
export class FolderWatch implements Disposable {
  readonly #path: string
  readonly #onChange: (name: string | undefined) => void
  #watcher: FSWatcher | undefined

  /** `onChange` is called with the name of what came, went or was replaced; with undefined where that is not known. */
  constructor(path: string, onChange: (name: string | undefined) => void) {
    this.#path = path
    this.#onChange = onChange
  }

  /** Begins to watch, unless it does; says whether it does now. Not everything can be watched, and not at all times. */
  begin(): boolean {
    if (this.#watcher !== undefined) return true
    try {
      const watcher = watch(this.#path, { persistent: false }, (event, name) => this.#hear(watcher, event, name))
      this.#watcher = watcher
      watcher.on('error', () => this.#lose(watcher))
      return true
    } catch {
      return false
    }
  }

  [Symbol.dispose](): void {
    this.#watcher?.close()
    this.#watcher = undefined
  }

  #hear(watcher: FSWatcher, event: string, name: string | null): void {
    // That a file was touched is a `change`: a lease was renewed, which is no news.
    if (watcher !== this.#watcher || event !== 'rename') return
    // The folder itself: it was removed or moved away, and what is heard of it from now on is of no interest.
    if (name === basename(this.#path)) this.#lose(watcher)
    else this.#onChange(name ?? undefined)
  }

  #lose(watcher: FSWatcher): void {
    if (watcher !== this.#watcher) return
    this[Symbol.dispose]()
    this.#onChange(undefined)
  }
}
