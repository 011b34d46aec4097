import type * as S3 from '@aws-sdk/client-s3'
import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { expect } from 'vitest'
import type { Client } from '../client'

const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'

export const client: Client<{ s3: typeof S3 }> = {
  imports: { s3: '@aws-sdk/client-s3' },

  serve(server) {
    const seen: string[] = []
    const objects = new Map<string, Buffer>()
    server.on('request', async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const body = Buffer.concat(chunks)
      const [path = '', query = ''] = request.url!.split('?')
      seen.push(`${request.method} ${path} ${isSignedByHolderOf(SECRET, request, body) ? 'signed' : 'forged'}`)
      if (!seen.at(-1)?.endsWith('signed')) {
        return response
          .writeHead(403, { 'content-type': 'application/xml' })
          .end('<Error><Code>SignatureDoesNotMatch</Code></Error>')
      }
      if (request.method === 'PUT') {
        objects.set(path, body)
        return response.writeHead(200, { etag: `"${createHash('md5').update(body).digest('hex')}"` }).end()
      }
      if (query.includes('list-type=2')) {
        response.setHeader('content-type', 'application/xml')
        const keys = [...objects].map(([name, { length }]) => {
          const key = decodeURIComponent(name.replace('/bucket/', '')).replace('&', '&amp;')
          return `<Contents><Key>${key}</Key><Size>${length}</Size></Contents>`
        })
        return response.end(`<ListBucketResult><Prefix>a folder/</Prefix>${keys.join('')}</ListBucketResult>`)
      }
      const object = objects.get(path)
      if (!object) {
        return response
          .writeHead(404, { 'content-type': 'application/xml' })
          .end('<Error><Code>NoSuchKey</Code></Error>')
      }
      const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? []
      if (from === undefined) return response.writeHead(200, { 'x-amz-meta-author': 'Ada' }).end(object)
      const range = `bytes ${from}-${to}/${object.length}`
      return response.writeHead(206, { 'content-range': range }).end(object.subarray(Number(from), Number(to) + 1))
    })
    return () => {
      const path = '/bucket/a%20folder/%C3%BC%2B%26%3D%24~%27%281%29%21%2A.txt'
      expect(seen).toEqual([
        `PUT ${path} signed`,
        'GET /bucket/ signed',
        `GET ${path} signed`,
        `GET ${path} signed`,
        'GET /bucket/none signed',
        'GET /bucket/none forged',
        // A relayed GET that is refused is asked once more with the API's own origin.
        'GET /bucket/none forged',
      ])
    }
  },

  // Of the answers that are errors.
  consoleErrors: /status of 40[34]/,

  page: async ({ s3: { S3Client, ...s3 }, api, equal }) => {
    const Bucket = 'bucket'
    const Key = "a folder/ü+&=$~'(1)!*.txt"
    const clientWith = (secretAccessKey: string): S3.S3Client =>
      new S3Client({
        endpoint: api,
        region: 'eu-central-1',
        forcePathStyle: true,
        credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey },
      })
    const client = clientWith('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY')

    const Body = new TextEncoder().encode('0123456789')
    const put = await client.send(new s3.PutObjectCommand({ Bucket, Key, Body, Metadata: { author: 'Ada' } }))
    equal(put.ETag, '"781e5e245d69b566979b86e28d23f2c7"')

    const list = await client.send(new s3.ListObjectsV2Command({ Bucket, Prefix: 'a folder/', Delimiter: '&+ ' }))
    equal(
      list.Contents?.map(({ Key, Size }) => [Key, Size]),
      [[Key, 10]],
    )

    const whole = await client.send(new s3.GetObjectCommand({ Bucket, Key }))
    equal([await whole.Body?.transformToString(), whole.Metadata], ['0123456789', { author: 'Ada' }])
    const part = await client.send(new s3.GetObjectCommand({ Bucket, Key, Range: 'bytes=2-4' }))
    equal([await part.Body?.transformToString(), part.ContentRange], ['234', 'bytes 2-4/10'])

    for (const [caller, expected] of [
      [client, 'NoSuchKey'],
      [clientWith('guessed'), 'SignatureDoesNotMatch'],
    ] as const) {
      const error = await caller
        .send(new s3.GetObjectCommand({ Bucket, Key: 'none' }))
        .catch((reason: unknown) => reason)
      equal((error as Error).name, expected)
    }
  },
}

/** Over the request exactly as it came. @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
function isSignedByHolderOf(secret: string, { method, url, headers }: IncomingMessage, body: Buffer): boolean {
  const [, date, region, names, signature] =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/(\d+)\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=(.+)$/.exec(
      headers.authorization ?? '',
    ) ?? []
  if (!date || !region || !names?.split(';').includes('host')) return false
  const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
  const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest()

  const [path, query = ''] = url!.split('?')
  const signedHeaders = names.split(';').map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, ' ')}\n`)
  const canonicalQuery = query.split('&').sort().join('&')
  const canonical = [method, path, canonicalQuery, signedHeaders.join(''), names, sha256(body)].join('\n')
  const scope = `${date}/${region}/s3/aws4_request`
  const key = [date, region, 's3', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secret}`)
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonical)].join('\n')
  return headers['x-amz-content-sha256'] === sha256(body) && signature === hmac(key, toSign).toString('hex')
}
