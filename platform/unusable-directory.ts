// What the system says of a data directory that cannot be used, as an error that says what to do.
import { MeshgateError } from './errors.ts'

const UNUSABLE: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a file has its name, or that of a directory above it',
  EEXIST: 'a link of its name leads nowhere',
  ENOENT: 'it, or what it should hold, can neither be found nor made',
  ENAMETOOLONG: 'its name is too long',
}

/** The error of a write names no file: it says at least where to make space. Errors of another kind are left as they are. */
export function namingDirectory(error: unknown, directory: string): unknown {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return error
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') {
    return new MeshgateError('DISK_FULL', `No space is left in ${directory}. Free some, then start again.`, error)
  }
  const reason = UNUSABLE[error.code]
  if (reason === undefined) return error
  const message = `The data directory ${directory} cannot be used: ${reason}. Mend that, or set MESHGATE_DATA_DIR to another.`
  return new MeshgateError('DATA_DIR_UNUSABLE', message, error)
}
