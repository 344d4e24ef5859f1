// Facts of every domain that stand without what is derived from the orders, line by line, which is most of the sample's work; and the products that
// they are asked of. What is derived from the others is among them: counts, windows, joins, folds of folds.
import { classFacts } from './catalog-facts.ts'
import { regionFacts } from './customers-facts.ts'
import type { DomainFacts } from './domain-facts.ts'
import { accountingFacts } from './finance-facts.ts'
import { movementFacts } from './inventory-facts.ts'
import { marketingFacts } from './marketing-facts.ts'
import { orderFacts } from './sales-facts.ts'
import { sentimentFacts } from './sentiment-facts.ts'
import { shippingFacts } from './shipping-facts.ts'
import { supportFacts } from './support-facts.ts'
import { supportLoadFacts } from './support-load-facts.ts'
import { telemetryFacts } from './telemetry-facts.ts'

export const SOURCE_PRODUCTS: readonly string[] = [
  'catalog/classes',
  'catalog/products',
  'customers/customers',
  'customers/regions',
  'finance/accounting',
  'inventory/movements',
  'inventory/warehouses',
  'marketing/feedback',
  'marketing/mentions',
  'marketing/promotions',
  'marketing/sentiment',
  'sales/orders',
  'sales/stores',
  'shipping/delays',
  'shipping/shipments',
  'shipping/weather',
  'shipping/weather-delays',
  'support/customer-support',
  'support/interactions',
  'support/queues',
  'support/tickets',
  'telemetry/anomalies',
  'telemetry/hours',
  'telemetry/minutes',
  'telemetry/outages',
  'telemetry/readings',
  'telemetry/trends',
]

export const sourceFacts: readonly DomainFacts[] = [
  { domain: 'customers', facts: regionFacts },
  { domain: 'catalog', facts: classFacts },
  { domain: 'sales', facts: orderFacts },
  { domain: 'inventory', facts: movementFacts },
  { domain: 'shipping', facts: shippingFacts },
  { domain: 'finance', facts: accountingFacts },
  { domain: 'marketing', facts: [...marketingFacts, ...sentimentFacts] },
  { domain: 'support', facts: [...supportFacts, ...supportLoadFacts] },
  { domain: 'telemetry', facts: telemetryFacts },
]
