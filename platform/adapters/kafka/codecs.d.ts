// The two codecs of npm that have no types of their own.

declare module 'snappyjs' {
  const snappy: {
    /** Throws where the result would be longer than `lengthMax`. */
    uncompress(bytes: Uint8Array, lengthMax: number): Uint8Array
  }
  export default snappy
}

declare module 'lz4js' {
  const lz4: {
    decompress(bytes: Uint8Array): Uint8Array
  }
  export default lz4
}
