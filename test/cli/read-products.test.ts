// How a command names products.
import { expect, it } from 'vitest'
import { readProducts } from '../../cli/read-products.ts'

it('a product of the project goes by its name, its folder and its file', async () => {
  const named = await Promise.all(
    ['sales/orders', 'subgraphs/sales/orders', 'subgraphs/sales/orders/product.graphql'].map((path) =>
      readProducts([path]),
    ),
  )
  expect(named.map(({ products }) => products.map(({ domain, name }) => `${domain}/${name}`))).toEqual([
    ['sales/orders'],
    ['sales/orders'],
    ['sales/orders'],
  ])
})

it('a name that stands for nothing is told with what could be written', async () => {
  await expect(readProducts(['sales/order'])).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    message: expect.stringContaining(
      'sales/order does not exist, and no product of the project is called so',
    ) as string,
  })
})
