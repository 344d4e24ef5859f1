// A growing byte buffer that key encoders append to: one allocation per key instead of one per component.

export interface ByteSink {
  bytes: Buffer
  length: number
}

export function createByteSink(): ByteSink {
  return { bytes: Buffer.allocUnsafe(1024), length: 0 }
}

/** Makes room for `count` more bytes. */
export function reserve(sink: ByteSink, count: number): void {
  const needed = sink.length + count
  if (needed <= sink.bytes.length) return
  // Memory of its own, never a piece of the shared pool: what is written may go to another thread whole.
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, sink.bytes.length * 2))
  sink.bytes.copy(larger, 0, 0, sink.length)
  sink.bytes = larger
}

export function writeByte(sink: ByteSink, byte: number): void {
  reserve(sink, 1)
  sink.bytes[sink.length] = byte
  sink.length += 1
}

/** A copy of what was written; the sink is empty afterwards. */
export function takeBytes(sink: ByteSink): Buffer {
  const taken = Buffer.from(sink.bytes.subarray(0, sink.length))
  sink.length = 0
  return taken
}
