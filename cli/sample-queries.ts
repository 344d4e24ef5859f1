// The example queries over the sample: tabs of the page, and the one that `meshgate dev` prints to paste.
import type { ExampleQuery } from '../console/page.ts'
import { CUSTOMER_360_QUERY, CUSTOMER_360_SUBSCRIPTION } from './customer-360.ts'

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
    name: 'Customer 360',
    query: `# Ten subgraphs answer it, each in one call.
${CUSTOMER_360_QUERY}`,
    variables: { id: '5219' },
  },
  {
    name: 'Customer 360, live',
    query: `# Told anew whenever the customer buys, asks for help or says something.
${CUSTOMER_360_SUBSCRIPTION}`,
    variables: { id: '5219' },
  },
  {
    name: 'Supply chain',
    query: `# What runs out next week, where else it is, which shipments were late, and whether the weather explains it.
query SupplyChain {
  stockAtRisk(first: 5) {
    nodes {
      product { name availability { unitsAvailable warehousesWithStock } }
      warehouse { name city }
      units
      averageDailySales
      daysOfSupply
    }
  }
  shipments(punctuality: LATE, from: "1997-01-01", until: "1998-01-01", first: 5) {
    nodes { shippedOn daysLate store { city } product { name } weather { kind } }
  }
  weatherInfluence { nodes { factor lateShareWith lateShareWithout difference explainsLateness } }
}
`,
  },
  {
    name: 'Finance',
    query: `# To the cent: a month of a store and of the company, cash, and the forecast beside what came.
query Finance {
  profitAndLoss(storeId: "13", month: "1997-03-01") {
    revenue
    cost
    grossProfit
    expenses
    operatingResult
    categories(first: 5) { nodes { category revenue grossProfit } }
  }
  profitAndLossOfCompany(first: 12) { nodes { month revenue operatingResult } }
  cashPositions(currency: "USD", first: 3) { nodes { date inflow outflow balance } }
  revenueForecasts(first: 6) { nodes { month forecast lower80 upper80 actual error } }
}
`,
  },
  {
    name: 'Telemetry',
    query: `# Some hours of a river gauge, and what was unusual.
query Telemetry {
  readings(sensorId: "water-flow", from: "2022-05-01T00:00:00Z", until: "2022-05-02T00:00:00Z", first: 5) { nodes { at value change } }
  anomalies(sensorId: "water-flow", first: 5) { nodes { at actual expected score } }
}
`,
  },
  {
    name: 'Quality',
    query: `# What share of each product's records passes its checks, how complete they are and how long they took.
query Quality {
  productQualities(first: 50) {
    nodes { product records passing completeness delayMs lastMinute failures(first: 3) { nodes { check records } } }
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
