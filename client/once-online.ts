// Browsers say when the network is back, as after a night in which a laptop slept.

interface Browser {
  addEventListener?(type: 'online', listener: () => void): void
  removeEventListener?(type: 'online', listener: () => void): void
}

/** Calls at most once; elsewhere than in a browser never. Gives the function that ends the listening. */
export function onceOnline(call: () => void): () => void {
  const browser = globalThis as Browser
  const end = (): void => browser.removeEventListener?.('online', listener)
  const listener = (): void => {
    end()
    call()
  }
  browser.addEventListener?.('online', listener)
  return end
}
