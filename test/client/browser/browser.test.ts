// `meshgate/client` in a browser, on a page of another origin: connections cut, gateways restarted, pages loaded again and put to sleep. Each
// change is told once and in order of its key. Without a Chromium the tests are skipped and say so.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { installPackage, type InstalledPackage } from '../../installed-package.ts'
import { seededInteger } from '../../seeded-random.ts'
import { reading } from '../../subgraphs/telemetry.ts'
import { ClientMesh } from '../client-mesh.ts'
import { findChromium, startChromium, type Browser, type Page } from './chromium.ts'
import { servePage, type PageServer } from './page-server.ts'

const CHANGES = 300
const KEYS = 10
const executable = findChromium()
if (executable === null)
  process.stderr.write('Tests in a browser are skipped: no Chromium. MESHGATE_CHROMIUM names one.\n')

let installed: InstalledPackage
let pages: PageServer
let browser: Browser
let mesh: ClientMesh

interface Told {
  readonly told: readonly (readonly [key: string, value: number])[]
  readonly ending: string | null
  readonly interruptions: number
  /** Of a timer in the page, every 10 ms; and how many there were when it was put to sleep. */
  readonly ticks: number
  readonly frozenAt: number | null
}

/** Timers of a page that is awake come once a second at the least, even where nobody looks at it. */
const FROZEN_MS = 2_000

/** The page subscribes; resolves when it stands somewhere. */
async function begun(page: Page): Promise<void> {
  await expect.poll(() => page.evaluate('typeof globalThis.page?.cursor()')).toBe('string')
}

function toldTo(page: Page): Promise<Told> {
  return page.evaluate<Told>('({ ...globalThis.page, cursor: null })')
}

const change = (key: number, value: number): Promise<void> =>
  mesh.telemetry.append([mesh.telemetry.change(reading(`k${key}`, { value: String(value) }))])

async function expectAllTold(page: Page, changes: number): Promise<Told> {
  await expect.poll(async () => (await toldTo(page)).told.length).toBeGreaterThanOrEqual(changes)
  const all = await toldTo(page)
  const values = all.told.map(([, value]) => value)
  expect(values.toSorted((one, other) => one - other)).toEqual(Array.from({ length: changes }, (_, index) => index))
  for (const ofKey of Map.groupBy(all.told, ([key]) => key).values())
    expect(ofKey).toEqual(ofKey.toSorted(([, one], [, other]) => one - other))
  expect(all.ending).toBeNull()
  return all
}

describe.skipIf(executable === null)('in a browser', () => {
  beforeAll(async () => {
    installed = await installPackage()
    pages = await servePage(installed)
    browser = await startChromium(executable ?? '')
  })
  afterAll(async () => {
    await browser.close()
    await pages.close()
    await installed.remove()
  })
  beforeEach(async () => {
    mesh = await ClientMesh.open({ cors: { origins: [pages.origin] } })
  })
  afterEach(async () => {
    await mesh.close()
  })

  describe.for(['socket', 'stream'])('over a %s', (way) => {
    /** localStorage is the origin's: each test begins without. */
    async function openPage(delay = '5'): Promise<Page> {
      const page = await browser.open(`${pages.origin}/page.js`)
      await page.evaluate('localStorage.clear()')
      await page.navigate(`${pages.origin}/?${new URLSearchParams({ way, url: mesh.url, delay }).toString()}`)
      await begun(page)
      return page
    }

    test('cut connections, restarted gateways and loads of the page lose nothing', async () => {
      const below = seededInteger(way.length)
      const page = await openPage()
      let reloads = 0
      for (let value = 0; value < CHANGES; value++) {
        await change(below(KEYS), value)
        if (below(12) === 0) mesh.cut()
        if (below(100) === 0) await mesh.restartGateway()
        if (below(40) === 0) {
          reloads++
          const reloaded = page.reload()
          await change(below(KEYS), ++value)
          await reloaded
        }
        for (let turns = below(20); turns > 0; turns--) await new Promise(setImmediate)
      }
      const last = await toldTo(page)
      await expectAllTold(page, Math.max(CHANGES, last.told.length))
      expect(reloads).toBeGreaterThan(3)
    })

    test('a page that is loaded again before its first event has missed nothing', async () => {
      const page = await openPage()
      mesh.proxy.cut()
      await change(1, 0)
      await page.reload()
      mesh.cut()
      await change(1, 1)
      await expectAllTold(page, 2)
    })

    test('a page whose network is back does not wait for the end of its delay', async () => {
      const page = await openPage('86400000')
      mesh.cut()
      await expect.poll(async () => (await toldTo(page)).interruptions).toBe(1)
      await change(1, 0)
      await page.evaluate("dispatchEvent(new Event('online'))")
      await expectAllTold(page, 1)
    })

    test('a page that was put to sleep is told what happened meanwhile', async () => {
      const page = await openPage()
      await change(1, 0)
      await expectAllTold(page, 1)
      await page.setLifecycle('frozen')
      const sinceMs = Date.now()
      for (let value = 1; value < 50; value++) await change(value % KEYS, value)
      await mesh.restartGateway()
      for (let value = 50; value < 100; value++) await change(value % KEYS, value)
      await expect.poll(() => Date.now() - sinceMs).toBeGreaterThan(FROZEN_MS)
      const { ticks, frozenAt, told } = await toldTo(page)
      expect([frozenAt, told.length]).toEqual([ticks, 1])
      await page.setLifecycle('active')
      await expectAllTold(page, 100)
      await expect.poll(async () => (await toldTo(page)).ticks).toBeGreaterThan(ticks)
    })
  })
})
