// Express with its own JSON middleware: it checks nothing.
import { createServer } from 'node:http'
import express from 'express'
import { listening } from './listening.ts'

const app = express()
app.use(express.json())

app.post('/sum', (request, response) => {
  const { a, b }: { a: number; b: number } = request.body
  response.json({ total: a + b })
})

await listening(createServer(app))
