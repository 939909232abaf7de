// Colours, where somebody wants them.
import { WriteStream } from 'node:tty'
import { type InspectColor, styleText } from 'node:util'
import type { LineWriter } from '../line-writer.ts'

/** Gives a text a colour, or leaves it as it is. */
export type Paint = (color: InspectColor, text: string) => string

/** Paints if told so, by default where `to` is a terminal and the environment has nothing against it. */
export function paintFor(to: LineWriter, color: boolean | undefined): Paint {
  if (color !== undefined && typeof color !== 'boolean')
    throw new TypeError(`color must be true or false, but is a ${typeof color}`)
  return (color ?? showsColors(to))
    ? (color, text) => styleText(color, text, { validateStream: false })
    : (_, text) => text
}

/** Node knows by which variables people ask for colours and refuse them. */
function showsColors({ isTTY = false }: LineWriter): boolean {
  const { getColorDepth } = WriteStream.prototype
  const stream = { isTTY, getColorDepth, write() {}, on() {} } as unknown as NodeJS.WritableStream
  return styleText('red', '.', { stream }) !== '.'
}
