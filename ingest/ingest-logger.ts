// What ingest asks of a logger: pino's way of calling it.

/** The part of a pino logger that ingest uses. */
export interface IngestLogger {
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}
