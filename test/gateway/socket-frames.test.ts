// Frames as the WebSocket library of everybody reads them.
import { expect, test } from 'vitest'
import type { Writable } from 'node:stream'
import * as ws from 'ws'
import { bytesOf, textFrame } from '../../gateway/http/socket-frames.ts'

/** Its types do not name it. */
const { Receiver } = ws as unknown as { readonly Receiver: new (options: { isServer: boolean }) => Writable }

const LENGTHS = [2, 3, 124, 125, 126, 127, 128, 255, 256, 65_534, 65_535, 65_536, 65_537, 1_000_000]

async function readBack(frames: readonly Buffer[]): Promise<readonly string[]> {
  const receiver = new Receiver({ isServer: false })
  const messages: string[] = []
  receiver.on('message', (data: Buffer, isBinary: boolean) => {
    messages.push(isBinary ? 'binary' : data.toString('utf8'))
  })
  const done = new Promise((resolve, reject) => {
    receiver.on('finish', resolve)
    receiver.on('error', reject)
  })
  for (const frame of frames) receiver.write(frame)
  receiver.end()
  await done
  return messages
}

test('messages of every length are read back as they were, one after the other', async () => {
  const texts = LENGTHS.map((length) => `<${'é'.repeat((length - 2) / 2)}${length % 2 === 0 ? '' : '.'}>`)
  const frames = texts.map((text) => Buffer.from(textFrame(bytesOf(text)), 'latin1'))
  expect(frames.map(({ length }) => length)).toEqual(
    LENGTHS.map((length) => length + (length < 126 ? 2 : length < 65_536 ? 4 : 10)),
  )
  expect(await readBack(frames)).toEqual(texts)
})
