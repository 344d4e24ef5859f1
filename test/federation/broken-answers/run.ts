// Damaged answers as a command: `node cli/run.js test/federation/broken-answers/run.ts --from 0 --count 5000 [--show N]`. Prints the kinds of problems,
// most frequent first, each with a case; --show prints all of one case.
import { parseArgs } from 'node:util'
import { judgeCases, type Verdict } from './broken-case.ts'

const print = (line: string): void => void process.stdout.write(`${line}\n`)

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: '1000' },
    show: { type: 'string' },
  },
})

if (values.show !== undefined) {
  for await (const verdict of judgeCases(Number(values.show), 1)) show(verdict)
} else await runAll(Number(values.from), Number(values.count))

async function runAll(from: number, count: number): Promise<void> {
  const kinds = new Map<string, { times: number; readonly seed: number; readonly problem: string }>()
  const damaged = new Map<string, number>()
  const started = performance.now()
  let cases = 0
  for await (const { problems, found, exchanges } of judgeCases(from, count)) {
    cases++
    for (const { damage } of exchanges) {
      if (damage !== null) damaged.set(damage.name, (damaged.get(damage.name) ?? 0) + 1)
    }
    for (const problem of problems) {
      const kind = withoutNames(problem)
      const known = kinds.get(kind)
      if (known === undefined) kinds.set(kind, { times: 1, seed: found.damage.seed, problem })
      else known.times++
    }
  }
  for (const [, { times, seed, problem }] of [...kinds]
    .toSorted(([, one], [, other]) => other.times - one.times)
    .slice(0, 40)) {
    print(`${times} × (case ${seed}) ${problem.slice(0, 700)}`)
  }
  print([...damaged].map(([name, times]) => `${name} ${times}`).join(', '))
  print(
    `${cases} cases, ${kinds.size} kinds of problems, ${((performance.now() - started) / 1000).toFixed(1)} s, ${Math.round(process.memoryUsage().rss / 1e6)} MB`,
  )
  process.exitCode = kinds.size === 0 ? 0 : 1
}

function withoutNames(problem: string): string {
  return problem
    .replace(/^(differs, [^:]*).*/s, '$1')
    .replaceAll(/"[^"]*"/g, '"…"')
    .replaceAll(/\b[\w.]*\d[\w.]*/g, 'N')
    .replaceAll(/(\w+\.)+/g, 'P')
    .slice(0, 80)
}

function show({ found, problems, answers, exchanges, intact }: Verdict): void {
  print(`${found.operation.query}\n${JSON.stringify(found.operation.variables)}\n${JSON.stringify(found.damage)}`)
  for (const { service, query, representations, variables, damage } of exchanges) {
    print(`- ${service} ${query} ${variables} ${representations.join()}`)
    if (damage !== null)
      print(
        `  ${damage.kind} ${damage.name} ${damage.failure?.message ?? ''} ${damage.bytes.toString().slice(0, 3000)}`,
      )
  }
  print(`intact: ${JSON.stringify(intact).slice(0, 4000)}`)
  for (const { way, text } of answers) print(`${way}: ${text.slice(0, 4000)}`)
  for (const problem of problems) print(`! ${problem}`)
}
