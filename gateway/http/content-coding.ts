// Compresses responses in the coding that the client likes best (RFC 9110 12.5.3), on the threads of the pool and only few at a time: the log's
// fsync uses the same threads. What would have to wait for too much else goes out as it is.
import { promisify } from 'node:util'
import { brotliCompress, constants, deflate, gzip, zstdCompress } from 'node:zlib'
import { limits } from '../../platform/limits.ts'

export type ContentCoding = 'zstd' | 'br' | 'gzip' | 'deflate' | 'identity'

/** Of codings that a client likes equally the first: the least time for the size (docs/decisions/gateway-protocols.md). */
const CODINGS = ['zstd', 'br', 'gzip', 'deflate'] as const

const encoders = {
  zstd: promisify(zstdCompress),
  br: promisify(brotliCompress),
  gzip: promisify(gzip),
  deflate: promisify(deflate),
}

const known = new Map<string, ContentCoding>()

export function readAcceptEncoding(header: string | undefined): ContentCoding {
  if (header === undefined || header === '') return 'identity'
  let coding = known.get(header)
  if (coding === undefined) {
    coding = bestCoding(header)
    if (known.size >= limits.negotiationsKeptMax) known.clear()
    if (header.length <= limits.negotiationCharactersMax) known.set(header, coding)
  }
  return coding
}

function bestCoding(header: string): ContentCoding {
  const qualities = new Map<string, number>()
  for (const part of header.split(',')) {
    const [name = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase())
    const weight = parameters.find((parameter) => parameter.startsWith('q='))
    const quality = weight === undefined ? 1 : Number(weight.slice(2))
    qualities.set(name === 'x-gzip' ? 'gzip' : name, quality >= 0 && quality <= 1 ? quality : 0)
  }
  const others = qualities.get('*') ?? 0
  let best: ContentCoding = 'identity'
  // Not named, identity is worth less than all that is.
  let bestQuality = qualities.get('identity') ?? 0
  for (const coding of CODINGS) {
    const quality = qualities.get(coding) ?? others
    if (quality > 0 && (quality > bestQuality || (best === 'identity' && quality === bestQuality))) {
      best = coding
      bestQuality = quality
    }
  }
  return best
}

export interface Compressor {
  /** Null where the bytes should go as they are. */
  compress(bytes: Uint8Array, coding: ContentCoding): Promise<Uint8Array> | null
}

export function createCompressor(): Compressor {
  const waiting: (() => void)[] = []
  let running = 0
  let bytesHeld = 0
  const run = async (bytes: Uint8Array, coding: keyof typeof encoders): Promise<Uint8Array> => {
    bytesHeld += bytes.length
    if (running >= limits.compressionsAtOnceMax) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
    try {
      return await encode(bytes, coding)
    } finally {
      bytesHeld -= bytes.length
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
  return {
    compress: (bytes, coding) => {
      if (coding === 'identity' || bytes.length < limits.compressionBytesMin) return null
      if (bytesHeld + bytes.length > limits.compressionBytesWaitingMax) return null
      return run(bytes, coding)
    },
  }
}

function encode(bytes: Uint8Array, coding: keyof typeof encoders): Promise<Uint8Array> {
  switch (coding) {
    case 'br':
      return encoders.br(bytes, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
          [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
          [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
        },
      })
    case 'zstd':
      return encoders.zstd(bytes)
    case 'gzip':
    case 'deflate':
      return encoders[coding](bytes, { level: DEFLATE_LEVEL })
  }
}

/** Brotli's default of 11 is for files that are compressed once. */
const BROTLI_QUALITY = 4
const DEFLATE_LEVEL = 4
