// NestJS on Fastify with the usual controller and no ValidationPipe. Decorators are called by hand: type stripping knows none.
import 'reflect-metadata'
import { Body, Controller, HttpCode, Module, Post } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { answer } from '../harness/worker.ts'

class SumController {
  sum({ a, b }: { a: number; b: number }) {
    return { total: a + b }
  }
}

const sum = Object.getOwnPropertyDescriptor(SumController.prototype, 'sum')
if (sum === undefined) throw new Error('there is no method to decorate')
Post('sum')(SumController.prototype, 'sum', sum)
// Without it a POST answers 201.
HttpCode(200)(SumController.prototype, 'sum', sum)
Body()(SumController.prototype, 'sum', 0)
Controller()(SumController)

class SumModule {}
Module({ controllers: [SumController] })(SumModule)

const app = await NestFactory.create<NestFastifyApplication>(SumModule, new FastifyAdapter(), { logger: false })
await app.listen(0, '127.0.0.1')
answer({ url: await app.getUrl() })
