// What the four subgraphs know: six users, nine products, eleven reviews. Counts and lengths are about those of the public benchmarks of federated
// gateways, so that the answer to their query has 86,772 bytes; names and texts are our own.

export interface User {
  readonly id: string
  readonly name: string
  readonly username: string
  readonly birthday: number
}

export interface Product {
  readonly upc: string
  readonly name: string
  readonly price: number
  readonly weight: number
  readonly inStock: boolean
}

export interface Review {
  readonly id: string
  readonly body: string
  readonly upc: string
}

export const users: readonly User[] = [
  ['Ada of Norwich', 'adano'],
  ['Bela Thorne', 'belathorne'],
  ['Cora Whitlock', 'corawhitlock'],
  ['Dan Featherlow', 'danfeat'],
  ['Eva Sorrell', 'evasorrell'],
  ['Finn Marlowe', 'finnma'],
].map(([name = '', username = ''], index) => ({ id: String(index + 1), name, username, birthday: 946_684_800 + index }))

export const products: readonly Product[] = [
  { name: 'Bench', price: 845, weight: 120, inStock: true },
  { name: 'Divan', price: 1390, weight: 1100, inStock: false },
  { name: 'Plate', price: 12, weight: 24, inStock: false },
  { name: 'Stool', price: 520, weight: 110, inStock: false },
  { name: 'PC', price: 1450, weight: 1200, inStock: true },
  { name: 'Sink', price: 6400, weight: 320, inStock: true },
  { name: 'Stove', price: 3800, weight: 2100, inStock: true },
  { name: 'Heater', price: 98_000, weight: 6100, inStock: false },
  { name: 'Cots', price: 9100, weight: 830, inStock: true },
].map((product, index) => ({ upc: String(index + 1), ...product }))

const WORDS =
  'a sturdy piece that arrived early and was put together in an hour with the tools we had at home; the finish is even, nothing creaks, ' +
  'and after half a year of daily use by three children it looks as it did when we unpacked it, which is more than can be said of the last one'

/** The length of each review's text, and the product that it is about. */
const REVIEWS: readonly (readonly [length: number, upc: string])[] = [
  [445, '1'],
  [289, '1'],
  [275, '1'],
  [143, '1'],
  [445, '2'],
  [289, '2'],
  [275, '2'],
  [143, '2'],
  [143, '3'],
  [143, '4'],
  [289, '4'],
]

export const reviews: readonly Review[] = REVIEWS.map(([length, upc], index) => ({
  id: String(index + 1),
  body: textOf(length, index),
  upc,
}))

/** Every review is written by this user, and every user is said to have written the first two. */
export const authorId = '1'
export const reviewsOfUser: readonly Review[] = reviews.slice(0, 2)

export function shippingEstimate({ price, weight }: { readonly price: number; readonly weight: number }): number {
  return price > 1000 ? 0 : Math.floor(weight / 2)
}

/** Text of an exact length that begins differently for each number. */
export function textOf(length: number, number: number): string {
  return `No. ${number}: ${WORDS} ${WORDS} ${WORDS} ${WORDS}`.slice(0, length - 1).padEnd(length, '.')
}
