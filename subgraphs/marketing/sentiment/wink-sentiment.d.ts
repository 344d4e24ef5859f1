// What score-text.ts uses of wink-sentiment, which has no types of its own.
declare module 'wink-sentiment' {
  /** An argument that is no string throws. */
  export default function sentiment(phrase: string): {
    readonly score: number
    readonly normalizedScore: number
  }
}
