// Pieces of the commands' help that several of them share.
import { Argument, Option, InvalidArgumentError } from 'commander'

const PORT_MAX = 65_535

/** A command without a meaning goes on in the next line. */
export function examples(lines: readonly (readonly [command: string, meaning: string])[]): string {
  const width = Math.max(...lines.map(([command]) => command.length))
  const shown = lines.map(([command, meaning]) => (meaning === '' ? command : `${command.padEnd(width)}  # ${meaning}`))
  return `\nExamples:\n${shown.map((line) => `  ${line}`).join('\n')}`
}

/** None means all of the project. */
export function productArguments(): Argument {
  return new Argument(
    '[PRODUCT...]',
    'a product.graphql, its folder, or domain/name of the project (default: every product of the project)',
  )
}

export function portOption(): Option {
  return new Option('-p, --port <N>', 'port to listen on (default: the setting PORT)').argParser(parsePort)
}

export function configOption(): Option {
  return new Option('--config <FILE>', 'configuration file (default: the setting MESHGATE_CONFIG, or meshgate.yaml)')
}

export function ingestPortOption(): Option {
  return new Option('--ingest-port <N>', 'also ingest the products, and take records at POST /topics there').argParser(
    parsePort,
  )
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1
  if (port < 0 || port > PORT_MAX) throw new InvalidArgumentError(`Write a number from 0 to ${PORT_MAX}.`)
  return port
}
