// The page of the browser's test: it follows changes, and keeps what it was told where the next load of the page finds it, with the cursor.
import { createClient } from 'graphql-ws'
import { resumeOverEventStream, resumeOverSocket } from 'meshgate/client'

const { way, url, delay } = Object.fromEntries(new URLSearchParams(location.search))
const client =
  way === 'socket'
    ? resumeOverSocket(createClient({ url: url.replace('http', 'ws'), retryAttempts: 0 }))
    : resumeOverEventStream({ url })

const storage = {
  load: (id) => localStorage.getItem(id),
  save: (id, cursor) => localStorage.setItem(id, cursor),
  remove: (id) => localStorage.removeItem(id),
}
const told = JSON.parse(localStorage.getItem('told') ?? '[]')
const page = { told, ending: null, interruptions: 0, ticks: 0, frozenAt: null, cursor: () => unsubscribe.cursor }
const unsubscribe = client.subscribe(
  { query: 'subscription { event: readingChanged { id value } }' },
  {
    next: ({ data, extensions }) => {
      told.push([extensions.key, Number(data.event.value)])
      localStorage.setItem('told', JSON.stringify(told))
    },
    error: (error) => (page.ending = String(error)),
    complete: () => (page.ending = 'completed'),
  },
  // With each event: no load of the page comes between what was told and its cursor.
  { storage, id: 'changes', saveMs: 0, retryDelayMs: () => Number(delay), onInterruption: () => page.interruptions++ },
)
// Whether anything of the page runs.
setInterval(() => page.ticks++, 10)
document.addEventListener('freeze', () => (page.frozenAt = page.ticks))
globalThis.page = page
