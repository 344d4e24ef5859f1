// The question that no team could answer alone, as the page asks it, as the tests check it and as the bench measures it.

/** What is asked of a customer: ten subgraphs answer it. */
const CUSTOMER_360_FIELDS = `fullName
    city
    memberCard
    segment { segment lifetimeValue averageBasket }
    activity { orderCount spent openTicketCount feedbackCount averageRating }
    orders(first: 10) {
      nodes {
        id
        placedAt
        total
        lines { quantity amount product { name category } }
      }
    }
    tickets(first: 5) { nodes { id subject state openedAt } }
    feedback(first: 5) { nodes { rating text product { name } } }
    promotions(first: 5) { nodes { revenue orders promotion { name mediaTypes } } }
    nextPurchase { expectedOn meanErrorDays likelyProducts { product { name } } }`

export const CUSTOMER_360_QUERY = `query Customer360($id: ID!) {
  customer(id: $id) {
    ${CUSTOMER_360_FIELDS}
  }
}
`

/** Tells the whole dashboard anew whenever the customer buys, asks for help or says something. */
export const CUSTOMER_360_SUBSCRIPTION = `subscription Customer360Live($id: ID!) {
  customerActivityChanged(customerId: $id) {
    customer {
      ${CUSTOMER_360_FIELDS}
    }
  }
}
`
