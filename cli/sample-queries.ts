// The example queries over the sample: tabs of the page, and the one that `meshgate dev` prints to paste.
import type { ExampleQuery } from '../console/page.ts'

export const sampleQueries: readonly ExampleQuery[] = [
  {
    name: 'A customer and the orders',
    query: `# customers, sales and catalog are three subgraphs, and one graph.
query CustomerWithOrders {
  customer(id: "5219") {
    fullName
    city
    memberCard
    yearlyIncome { min max }
    orders(first: 3) {
      nodes {
        placedAt
        total
        lines { quantity amount product { name brand category } }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
`,
  },
  {
    name: 'Customers, page by page',
    query: `query Customers($after: String) {
  customers(first: 10, after: $after) {
    nodes { id fullName city country memberCard }
    pageInfo { hasNextPage endCursor }
  }
}
`,
  },
  {
    name: 'A product',
    query: `query Product {
  product(id: "1") { name brand category department price }
}
`,
  },
  {
    name: 'Orders, live',
    query: `# Run it, then place an order (one that is not there yet: each id is told once):
# curl PAGE_HOST/topics/sales.orders -H 'content-type: application/x-ndjson' -d '{"id":"1-999-1","customerId":"1","placedAt":"2026-01-02T03:04:05Z","lines":[{"productId":"1","quantity":2,"amount":"5.70","cost":"2.00"}]}'
subscription OrderPlaced {
  orderPlaced {
    id
    total
    customer { fullName city }
    lines { quantity product { name } }
  }
}
`,
  },
]
