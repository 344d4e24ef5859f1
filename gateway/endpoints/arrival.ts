// One count for the arrivals of clients' requests and the departures of requests to subgraphs: which was first, without a clock.

let last = 0

export function nextArrival(): number {
  last += 1
  return last
}
