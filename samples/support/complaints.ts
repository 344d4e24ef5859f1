// What generated customers write to support about, which queue takes it, and what is said.

export type Category =
  'DAMAGED_GOODS' | 'WRONG_PRICE' | 'MISSING_ITEM' | 'REFUND' | 'MEMBER_CARD' | 'PRODUCT_QUESTION' | 'STORE_COMPLAINT'
export type Queue = 'FRONT_LINE' | 'BILLING' | 'QUALITY' | 'STORES'

interface Topic {
  readonly category: Category
  readonly queue: Queue
  readonly subjects: readonly string[]
  readonly questions: readonly string[]
  readonly answers: readonly string[]
}

/** As often as they stand here. */
export const topics: readonly Topic[] = [
  {
    category: 'DAMAGED_GOODS',
    queue: 'QUALITY',
    subjects: ['Broken package', 'Spoiled when opened', 'Leaking bottle'],
    questions: [
      'One of the packages was broken when I came home. What do I do?',
      'It was spoiled although the date on it is fine.',
      'The bottle leaked all over my bag.',
    ],
    answers: [
      'We are sorry. Please bring it to any store, you get a new one.',
      'Could you send us the number on the bottom of the package?',
    ],
  },
  {
    category: 'WRONG_PRICE',
    queue: 'BILLING',
    subjects: ['Price on the shelf was lower', 'Promotion not applied'],
    questions: [
      'The shelf said less than what I paid.',
      'Your advertisement promised a lower price that the till did not know.',
    ],
    answers: ['You are right, we pay the difference back.', 'The promotion had ended the day before, we are sorry.'],
  },
  {
    category: 'MISSING_ITEM',
    queue: 'STORES',
    subjects: ['Paid for but not in my bag', 'Article never in stock'],
    questions: ['I paid for three and found two in my bag.', 'You never have my brand any more. Will it come back?'],
    answers: ['The till of that day shows three, we send you the third.', 'It comes back next week.'],
  },
  {
    category: 'REFUND',
    queue: 'BILLING',
    subjects: ['Where is my refund', 'Return without receipt'],
    questions: ['I returned an article two weeks ago and got no money.', 'I lost the receipt. Can I still return it?'],
    answers: ['The refund went out today.', 'With your member card we find the purchase, yes.'],
  },
  {
    category: 'MEMBER_CARD',
    queue: 'FRONT_LINE',
    subjects: ['Card does not work', 'Change of address'],
    questions: ['The till does not take my card.', 'I moved. How do I change my address?'],
    answers: ['A new card is in the mail.', 'It is changed, thank you.'],
  },
  {
    category: 'PRODUCT_QUESTION',
    queue: 'FRONT_LINE',
    subjects: ['What is in it', 'How long does it keep'],
    questions: ['Does it have nuts in it?', 'How long does it keep once it is open?'],
    answers: ['The label has the full list; there are none.', 'Three days in a cold place.'],
  },
  {
    category: 'STORE_COMPLAINT',
    queue: 'STORES',
    subjects: ['Long queues', 'Unfriendly at the till'],
    questions: ['There was one till open for thirty people.', 'The person at the till was rude to me.'],
    answers: ['We have told the manager of the store.', 'We are sorry and will talk with the team.'],
  },
]

export const followUps: readonly string[] = [
  'Thank you, but that does not solve it.',
  'And when will that be?',
  'I tried that, it did not work.',
  'May I ask one thing more?',
]

export const furtherAnswers: readonly string[] = [
  'We have asked a colleague and come back to you.',
  'By the end of the week at the latest.',
  'We make an exception for you.',
]
