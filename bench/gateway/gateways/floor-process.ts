// What node:http alone costs: reads the request and answers the bench's query with the same bytes, always.
import { createServer } from 'node:http'
import { benchQuery } from '../mesh/bench-query.ts'
import { mergedAnswer } from '../mesh/merged-mesh.ts'

const answer = Buffer.from(mergedAnswer(benchQuery))
const headers = { 'content-type': 'application/json', 'content-length': answer.length }

createServer((request, response) => {
  request.on('data', () => undefined)
  request.on('end', () => response.writeHead(200, headers).end(answer))
}).listen(Number(process.env.PORT), '127.0.0.1')
