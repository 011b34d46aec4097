import { create, createFileRegistry, toBinary } from '@bufbuild/protobuf'
import type * as Protobuf from '@bufbuild/protobuf'
import { FieldDescriptorProto_Type, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import type * as WellKnownTypes from '@bufbuild/protobuf/wkt'
import { Code, ConnectError } from '@connectrpc/connect'
import type * as Connect from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import type * as ConnectWeb from '@connectrpc/connect-web'
import { expect } from 'vitest'
import type { Client } from '../client'

/** What the compiler of protocol buffers would have made of a file. */
const field = (name: string, type: FieldDescriptorProto_Type) => ({ name, number: 1, type, jsonName: name })
const files = create(FileDescriptorSetSchema, {
  file: [
    {
      name: 'greeter.proto',
      syntax: 'proto3',
      messageType: [
        { name: 'Request', field: [field('name', FieldDescriptorProto_Type.STRING)] },
        { name: 'Response', field: [field('text', FieldDescriptorProto_Type.STRING)] },
      ],
      service: [
        {
          name: 'Greeter',
          method: [
            { name: 'Greet', inputType: '.Request', outputType: '.Response' },
            { name: 'GreetOften', inputType: '.Request', outputType: '.Response', serverStreaming: true },
          ],
        },
      ],
    },
  ],
})

interface Request {
  name: string
}

/** The Connect protocol and gRPC-web, which the same server speaks. */
export const client: Client<{
  protobuf: typeof Protobuf
  types: typeof WellKnownTypes
  connect: typeof Connect
  web: typeof ConnectWeb
}> = {
  imports: {
    protobuf: '@bufbuild/protobuf',
    types: '@bufbuild/protobuf/wkt',
    connect: '@connectrpc/connect',
    web: '@connectrpc/connect-web',
  },

  serve(server) {
    const greeter = createFileRegistry(files).getService('Greeter')!
    const handler = connectNodeAdapter({
      routes: ({ service }) =>
        service(greeter, {
          greet({ name }: Request, context: Connect.HandlerContext) {
            if (name === '') throw new ConnectError('nobody to greet', Code.InvalidArgument, { 'x-hint': 'name' })
            context.responseTrailer.set('x-trailer', 'last')
            return { text: `${context.requestHeader.get('x-greeting')}, ${name}` }
          },
          async *greetOften({ name }: Request) {
            for (const text of ['Good morning', 'Good night']) yield { text: `${text}, ${name}` }
          },
        } as object),
    })
    const seen: string[] = []
    server.on('request', (request, response) => {
      if (request.url === '/descriptors') return response.end(toBinary(FileDescriptorSetSchema, files))
      seen.push(`${request.method} ${request.url} ${request.headers['content-type']}`)
      return handler(request, response)
    })
    return () =>
      expect(seen).toEqual(
        ['application/json', 'application/grpc-web+proto'].flatMap((type) => [
          `POST /Greeter/Greet ${type}`,
          `POST /Greeter/GreetOften ${type.replace('/json', '/connect+json')}`,
          `POST /Greeter/Greet ${type}`,
        ]),
      )
  },

  // Of the answer that is an error.
  consoleErrors: /status of 400/,

  page: async ({ protobuf, types, connect, web, api, equal }) => {
    const bytes = new Uint8Array(await (await fetch(`${api}/descriptors`)).arrayBuffer())
    const registry = protobuf.createFileRegistry(protobuf.fromBinary(types.FileDescriptorSetSchema, bytes))
    const greeter = registry.getService('Greeter')!

    for (const createTransport of [web.createConnectTransport, web.createGrpcWebTransport]) {
      const client = connect.createClient(greeter, createTransport({ baseUrl: api })) as unknown as {
        greet(request: object, options: Connect.CallOptions): Promise<{ text: string }>
        greetOften(request: object): AsyncIterable<{ text: string }>
      }
      let trailer: string | null = null
      const onTrailer = (trailers: Headers): void => {
        trailer = trailers.get('x-trailer')
      }
      const { text } = await client.greet({ name: 'Ada' }, { headers: { 'x-greeting': 'Hello' }, onTrailer })
      equal([text, trailer], ['Hello, Ada', 'last'])

      const texts: string[] = []
      for await (const { text } of client.greetOften({ name: 'Ada' })) texts.push(text)
      equal(texts, ['Good morning, Ada', 'Good night, Ada'])

      const error = connect.ConnectError.from(await client.greet({}, {}).catch((reason: unknown) => reason))
      equal([error.code, error.rawMessage, error.metadata.get('x-hint')], [3, 'nobody to greet', 'name'])
    }
  },
}
