// The owner of a connection for tests: keeps all that it hears.
import type { Connection, ConnectionOwner } from '../../src/platform/connection.ts'

/** What was heard, in order. Answers are `taken`, or what was wrong. */
export class RecordingOwner implements ConnectionOwner {
  readonly answers: string[] = []
  readonly troubles: string[] = []
  readonly faults: string[] = []
  readonly lost: string[] = []
  opened = 0
  ready = 0
  moved = 0

  onOpen(): void {
    this.opened++
  }

  onAnswer(error?: Error): void {
    this.answers.push(error?.message ?? 'taken')
  }

  onReady(): void {
    this.ready++
  }

  onTrouble(_connection: Connection, error: Error): void {
    this.troubles.push(error.message)
  }

  onMoved(): void {
    this.moved++
  }

  onFault(error: Error): void {
    this.faults.push(error.message)
  }

  onLost(_connection: Connection, error: Error): void {
    this.lost.push(error.message)
  }
}
