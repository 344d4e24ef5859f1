// How texts sound to marketing/sentiment.
import { expect, test } from 'vitest'
import { scoreText } from '../../subgraphs/marketing/sentiment/score-text.ts'

test('praise is positive, complaints are negative, and what says neither is neutral', () => {
  expect(
    [
      'I love this juice, it is great',
      'Never disappointed, always fresh',
      'It was okay',
      'Not good at all, I would not buy it again',
      'Terrible taste and the box was damaged',
    ].map((text) => [scoreText(text).label, scoreText(text).score]),
  ).toEqual([
    ['POSITIVE', 3],
    ['POSITIVE', 1.5],
    ['NEUTRAL', 0],
    ['NEGATIVE', -3],
    ['NEGATIVE', -3],
  ])
})

test('emoticons and emoji count', () => {
  expect(['Rice :)', 'Rice 😡', 'Rice #fail'].map((text) => scoreText(text).label)).toEqual([
    'POSITIVE',
    'NEGATIVE',
    'NEGATIVE',
  ])
})

test('a text is judged from a quarter of a point on', () => {
  const words = (count: number): string => `good ${'rice '.repeat(count - 1)}`
  // The library spreads 3 points over a text of more than 15 words: 3 / √(words / 15).
  expect(scoreText(words(2_160))).toEqual({ score: 0.25, label: 'POSITIVE' })
  expect(scoreText(words(2_200))).toEqual({ score: 0.2477, label: 'NEUTRAL' })
  expect(scoreText(words(2_160).replace('good', 'bad'))).toEqual({ score: -0.25, label: 'NEGATIVE' })
})

test('any text has a score: words that every object inherits are words like others', () => {
  for (const text of [
    'constructor',
    'the __proto__ of a #Constructor',
    'toString hasOwnProperty valueOf',
    '',
    '  ',
    '\u0000',
  ]) {
    expect([text, scoreText(text)]).toEqual([text, { score: 0, label: 'NEUTRAL' }])
  }
  expect(scoreText('a good constructor')).toEqual({ score: 3, label: 'POSITIVE' })
})
