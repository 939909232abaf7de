// Hono on its server for Node, as its documentation begins: it reads and parses the JSON, and checks nothing.
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { listening } from './listening.ts'

const app = new Hono()

app.post('/sum', async (c) => {
  const { a, b } = await c.req.json<{ a: number; b: number }>()
  return c.json({ total: a + b })
})

await listening(createAdaptorServer({ fetch: app.fetch }) as Server)
