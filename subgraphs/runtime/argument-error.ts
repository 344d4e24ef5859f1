// What a caller did wrong, located by graphql-js at the field that was asked.
import { MeshgateError } from '../../platform/errors.ts'

export const argumentError = (message: string): MeshgateError => new MeshgateError('ARGUMENT_INVALID', message)
