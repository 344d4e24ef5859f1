// WebSocket frames (RFC 6455) by hand, right ones and such as no client makes.
import { pick, randomBytes, upTo, type Random } from '../choices.ts'

export interface FrameBits {
  readonly opcode?: number
  readonly isLast?: boolean
  /** RSV1, as compression sets it; RSV2; RSV3. */
  readonly reserved?: number
  readonly isMasked?: boolean
  /** What the frame says of its length, where it lies. */
  readonly toldLength?: bigint
}

/** Masked with zeros unless told otherwise. */
export function frame(payload: Buffer | string, bits: FrameBits = {}): Buffer {
  const { opcode = 1, isLast = true, reserved = 0, isMasked = true } = bits
  const bytes = Buffer.from(payload)
  const told = bits.toldLength ?? BigInt(bytes.length)
  const head = Buffer.alloc(told < 126n ? 2 : told < 65_536n ? 4 : 10)
  head[0] = (isLast ? 0x80 : 0) | (reserved << 4) | opcode
  head[1] = (isMasked ? 0x80 : 0) | (head.length === 2 ? Number(told) : head.length === 4 ? 126 : 127)
  if (head.length === 4) head.writeUInt16BE(Number(told), 2)
  if (head.length === 10) head.writeBigUInt64BE(told, 2)
  return Buffer.concat([head, isMasked ? Buffer.alloc(4) : Buffer.alloc(0), bytes])
}

/** One message in several frames, a control frame between some of them. */
export function fragmented(payload: Buffer | string, pieces: number, isMasked = true): Buffer {
  const bytes = Buffer.from(payload)
  const size = Math.max(1, Math.ceil(bytes.length / pieces))
  const frames: Buffer[] = []
  for (let from = 0; from < bytes.length; from += size) {
    const isLast = from + size >= bytes.length
    frames.push(frame(bytes.subarray(from, from + size), { opcode: from === 0 ? 1 : 0, isLast, isMasked }))
    if (frames.length === 1 && !isLast) frames.push(frame('between', { opcode: 9, isMasked }))
  }
  return Buffer.concat(frames)
}

/** Frames that break the protocol. `isMasked`: as the side that sends them should. */
export function brokenFrame(random: Random, isMasked: boolean): Buffer {
  const bytes = randomBytes(upTo(130, random), random)
  return pick(
    [
      frame('{"type":"ping"}', { isMasked: !isMasked }),
      frame(bytes, { opcode: upTo(16, random), isMasked }),
      frame(bytes, { reserved: 1 + upTo(7, random), isMasked }),
      frame(bytes, { opcode: 0, isMasked }),
      frame(bytes, { isLast: false, isMasked }),
      frame(bytes, { opcode: 9, isLast: false, isMasked }),
      frame('x'.repeat(200), { opcode: 9, isMasked }),
      frame('x', { opcode: 8, isMasked }),
      frame(Buffer.from([0x03, 0xed, 0xff, 0xfe]), { opcode: 8, isMasked }),
      frame(Buffer.from([0, 0]), { opcode: 8, isMasked }),
      frame(Buffer.from([0xff, 0xff]), { opcode: 8, isMasked }),
      frame(Buffer.from([0x22, 0xc3, 0x28, 0x22]), { isMasked }),
      frame(bytes, { toldLength: 2n ** 63n, isMasked }),
      frame(bytes, { toldLength: 2n ** 40n, isMasked }),
      frame(bytes, { toldLength: 3_000_000n, isMasked }),
      frame(Buffer.alloc(0), { isMasked }),
      frame(Buffer.alloc(0), { opcode: 2, isMasked }),
      frame('{"type":"ping"}', { opcode: 2, isMasked }),
      Buffer.concat(Array.from({ length: 1 + upTo(300, random) }, () => frame('p', { opcode: 9, isMasked }))),
      Buffer.concat(Array.from({ length: 1 + upTo(300, random) }, () => frame('', { opcode: 10, isMasked }))),
      Buffer.concat(
        Array.from({ length: 1 + upTo(2_000, random) }, () => frame('', { opcode: 0, isLast: false, isMasked })),
      ),
      bytes,
    ],
    random,
  )
}
