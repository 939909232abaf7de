// MessageReader: takes a DNS message apart, and refuses whatever leads out of it or around in circles.

const longestNameBytes = 255
const pointerBits = 0xc0
// A name has no more labels. Without a limit a message of 64 KiB could have thousands of names with thousands of pointers each.
const mostPointers = 127

/** Reads from a place on. Everything throws an Error where the message ends too early. */
export class MessageReader {
  /** Where it reads next. */
  at = 0
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Eight bits. */
  byte(): number {
    return this.#byteAt(this.at++)
  }

  /** Sixteen bits. */
  short(): number {
    return this.byte() * 0x100 + this.byte()
  }

  /** Thirty-two bits, without a sign. */
  long(): number {
    return this.short() * 0x1_0000 + this.short()
  }

  /** Passes over that many octets. */
  skip(count: number): void {
    if (this.at + count > this.#bytes.length) throw new Error('the message ends too early')
    this.at += count
  }

  /**
   * A domain name in small letters without a dot at its end, `.` for the root; what is no plain character is written as `\DDD`
   * (RFC 1035, 5.1). A pointer must lead to before where its part began (4.1.4), and there are few: so each name comes to an end soon.
   */
  name(): string {
    let at = this.at
    let earliest = at
    let lengthBytes = 1
    let text = ''
    let pointers = 0
    for (let head = this.#byteAt(at); head !== 0; head = this.#byteAt(at)) {
      if (head >= pointerBits) {
        const target = (head - pointerBits) * 0x100 + this.#byteAt(at + 1)
        if (target >= earliest || pointers === mostPointers) throw new Error('a name leads forward or in circles')
        if (pointers === 0) this.at = at + 2
        pointers++
        at = target
        earliest = target
        continue
      }
      lengthBytes += head + 1
      if (head >= 0x40 || lengthBytes > longestNameBytes) throw new Error('a name is too long')
      text += text === '' ? this.#label(at + 1, head) : `.${this.#label(at + 1, head)}`
      at += head + 1
    }
    if (pointers === 0) this.at = at + 1
    return text === '' ? '.' : text
  }

  #label(start: number, count: number): string {
    let text = ''
    for (let at = start; at < start + count; at++) {
      const byte = this.#byteAt(at)
      if (byte <= 0x20 || byte >= 0x7f || byte === 0x2e || byte === 0x5c) text += `\\${String(byte).padStart(3, '0')}`
      else text += String.fromCharCode(byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte)
    }
    return text
  }

  #byteAt(at: number): number {
    const byte = this.#bytes[at]
    if (byte === undefined) throw new Error('the message ends too early')
    return byte
  }
}
