// Mends the request queue of kafkajs 2.2.4, for every client of it: after each answer it arms a timer, with a negative time where nothing is
// throttled (Node warns of that), and one that looks every 10 ms where requests wait. A timer is needed only while the broker throttles.
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js'

/** To be called before the first connection; again does no harm. */
export function mendRequestQueue(): void {
  RequestQueue.prototype.scheduleCheckPendingRequests = function schedule(this: RequestQueue): void {
    const waitMs = this.throttledUntil - Date.now()
    if (waitMs <= 0 || this.pending.length === 0 || this.throttleCheckTimeoutId !== null) return
    this.throttleCheckTimeoutId = setTimeout(() => {
      this.throttleCheckTimeoutId = null
      this.checkPendingRequests()
    }, waitMs)
  }
}
