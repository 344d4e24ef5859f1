// What generated customers and authors say, by how they feel, from 1 (bad) to 5 (delighted). `{what}` is the kind of article, `{brand}` its brand.

export type Mood = 1 | 2 | 3 | 4 | 5

interface MoodPhrases {
  readonly verdicts: readonly string[]
  readonly reasons: readonly string[]
  readonly endings: readonly string[]
}

export const phrases: Readonly<Record<Mood, MoodPhrases>> = {
  1: {
    verdicts: [
      'Terrible {what}.',
      'The worst {what} I ever had.',
      'I hate to say it, but this was awful.',
      'A complete waste of money.',
      'Horrible, sorry.',
      'What a disappointment from {brand}.',
    ],
    reasons: [
      'It was spoiled when I opened it.',
      'The package was broken and half of it was lost.',
      'It smelled bad and nobody in the family wanted it.',
      'The quality is poor and the price is a scam.',
      'It failed on the first day.',
    ],
    endings: ['Never again.', 'I want my money back.', 'I am angry.', 'Avoid it.', 'I will complain about it.'],
  },
  2: {
    verdicts: [
      'Not good.',
      'Rather disappointing {what}.',
      'I expected more of {brand}.',
      'Somewhat bland.',
      'I had problems with this {what}.',
    ],
    reasons: [
      'The package was damaged.',
      'It is too expensive for what it is.',
      'There was less in it than it says.',
      'It did not last as long as it should.',
      'The taste is weak.',
    ],
    endings: ['I doubt that I buy it again.', 'A pity.', 'The other brand is less bad.', 'Please check your shelves.'],
  },
  3: {
    verdicts: [
      'It is {what}.',
      'Neither one thing nor the other.',
      'What one expects of {what}.',
      'About the same as the other brands.',
      'Usual {what} from {brand}.',
    ],
    reasons: [
      'It does what the label says.',
      'The package is on the large side.',
      'I used half of it so far.',
      'My mother buys it, so I did too.',
      'It was on the lower shelf.',
    ],
    endings: ['We will see.', 'I buy what is there.', 'Nothing more to say.', 'I may try another one next time.'],
  },
  4: {
    verdicts: [
      'Good {what}.',
      'I like it.',
      'A nice surprise from {brand}.',
      'Solid {what} for everyday.',
      'We are happy with it.',
    ],
    reasons: [
      'It was fresh and well packed.',
      'The price is fair.',
      'The children enjoy it.',
      'It keeps well and is easy to use.',
      'Better than the one I had before.',
    ],
    endings: ['I will buy it again.', 'Thanks.', 'I can recommend it.', 'Good value.', 'Keep it on the shelf, please.'],
  },
  5: {
    verdicts: [
      'Excellent {what}!',
      'I love this {what}.',
      'The best {what} in town.',
      'Wonderful, simply wonderful.',
      '{brand} is awesome.',
    ],
    reasons: [
      'Great quality and always fresh.',
      'The whole family loves it.',
      'It is perfect, I would not change a thing.',
      'Never disappointed so far.',
      'A fantastic price for such a good thing.',
    ],
    endings: ['Thank you!', 'I am delighted.', 'Highly recommended.', 'We buy nothing else.', 'Amazing.'],
  },
}

/** What stands around a mention where people are brief. */
export const flourishes: Readonly<Record<Mood, readonly string[]>> = {
  1: [':(', '😡', '#fail', '👎'],
  2: [':(', '😞', '#disappointed', ''],
  3: ['', '#shopping', '#groceries', ''],
  4: [':)', '🙂', '#yummy', '👍'],
  5: [':D', '😍', '#love', '❤'],
}
