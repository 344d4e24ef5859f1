/** An evaluation that cannot go on for a reason that the expression's author should read. */
export class CelFailure extends Error {}
