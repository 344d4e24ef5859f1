import { describe, expect, test } from 'vitest'
import { readConfig } from '../../platform/config.ts'
import { createLogger } from '../../platform/telemetry/logger.ts'

describe('settings', () => {
  test('have defaults for a laptop', () => {
    expect(readConfig({})).toEqual({
      port: 4000,
      host: '127.0.0.1',
      dataDirectory: '.meshgate',
      cursorKey: null,
      logLevel: 'info',
    })
  })

  test('are read from the environment', () => {
    const key = new Uint8Array(32).fill(7)
    const environment = {
      PORT: '0',
      HOST: '0.0.0.0',
      MESHGATE_DATA_DIR: '/data',
      MESHGATE_CURSOR_KEY: Buffer.from(key).toString('base64'),
      LOG_LEVEL: 'WARN',
    }
    expect(readConfig(environment)).toEqual({
      port: 0,
      host: '0.0.0.0',
      dataDirectory: '/data',
      cursorKey: key,
      logLevel: 'warn',
    })
  })

  test('set to nothing count as unset', () => {
    expect(readConfig({ PORT: '', LOG_LEVEL: '' })).toEqual(readConfig({}))
  })

  test.each(['65536', '-1', '80a', ' 80', '4000.5'])('PORT=%s is refused', (port) => {
    expect(() => readConfig({ PORT: port })).toThrow(
      `PORT=${port} cannot be used: write a number from 0 to 65535, for example 4000.`,
    )
  })

  test('that cannot be used are all named at once, secrets without their value', () => {
    const read = () => readConfig({ PORT: 'x', LOG_LEVEL: 'loud', MESHGATE_CURSOR_KEY: 'c2VjcmV0' })
    expect(read).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: [
          'PORT=x cannot be used: write a number from 0 to 65535, for example 4000.',
          'MESHGATE_CURSOR_KEY=(not shown) cannot be used: write 32 bytes in base64, as `openssl rand -base64 32` prints them.',
          'LOG_LEVEL=loud cannot be used: write one of trace, debug, info, warn, error, fatal, silent.',
        ].join(' '),
      }),
    )
  })
})

describe('the log', () => {
  function linesOf(readable: boolean): string[] {
    const lines: string[] = []
    const logger = createLogger({ level: 'info', readable, write: (line) => lines.push(line) })
    logger.debug('not shown')
    logger.warn(
      { topic: 'sales.orders', error: Object.assign(new Error('no space'), { code: 'LOG_DISK_FULL' }) },
      'tried again',
    )
    return lines
  }

  test('is a readable line on a terminal, errors by code and message', () => {
    expect(linesOf(true).map((line) => line.slice(8))).toEqual([
      ' WARN  tried again (LOG_DISK_FULL: no space) topic=sales.orders\n',
    ])
  })

  test('is JSON elsewhere, with the stack', () => {
    const [line = '', ...more] = linesOf(false)
    expect(more).toEqual([])
    expect(JSON.parse(line)).toMatchObject({
      level: 40,
      msg: 'tried again',
      topic: 'sales.orders',
      error: { code: 'LOG_DISK_FULL', message: 'no space', stack: expect.stringContaining('config.test.ts') },
    })
  })
})
