// Who bought what: the three products that most scenarios ask, so that they need not load the whole sample.

export const SALE_PRODUCTS = ['customers/customers', 'catalog/products', 'sales/orders'] as const
