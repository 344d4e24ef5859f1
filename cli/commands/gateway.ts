// `meshgate gateway`: the gateway over a supergraph file; its subgraphs answer over HTTP and WebSocket where the file says.
import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { startGateway } from '../../gateway/main.ts'
import { readConfig } from '../../platform/config.ts'
import { EXIT, stopped, type CommandContext, type ExitCode, type RunCommand } from '../command-context.ts'
import { examples, portOption } from '../command-help.ts'
import { urlHost } from '../mesh.ts'
import { createRoleLogger } from '../role-logger.ts'

interface Options {
  readonly supergraph: string
  readonly port?: number
}

export function gatewayCommand(run: RunCommand): Command {
  return new Command('gateway')
    .description('run the gateway over a supergraph')
    .requiredOption('-s, --supergraph <FILE>', 'supergraph file, as `meshgate compose` writes it')
    .addOption(portOption())
    .addHelpText(
      'after',
      examples([
        ['meshgate gateway --supergraph supergraph.graphql', 'on the port that PORT sets, 4000 by default'],
        ['meshgate gateway --supergraph supergraph.graphql --port 8080', 'on another'],
      ]),
    )
    .action((options: Options) => run((context) => runGateway(options, context)))
}

async function runGateway({ supergraph, port }: Options, context: CommandContext): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const gateway = await startGateway({
    mesh: { supergraphSdl: await readFile(supergraph, 'utf8') },
    host: config.host,
    port: port ?? config.port,
    logger: createRoleLogger(config, context.terminal),
  })
  context.terminal.print(`Gateway: http://${urlHost(config.host)}:${gateway.port}/\n`)
  await stopped(context)
  await gateway.close()
  return EXIT.ok
}
