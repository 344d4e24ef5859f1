// The topic that the tests of the embedded log use.
export const TOPIC = 'orders'
