/** For tests: what lies in HDFS, looked at and changed without the client that is proven. */
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Medium } from '../proves-storage.ts';

interface Entry {
  readonly pathSuffix: string;
  readonly type: string;
  readonly length: number;
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

function send(url: string, method: string, body: Buffer = Buffer.alloc(0)): Promise<Answer & { readonly location: string | undefined }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers: { 'content-length': body.length } }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks), location: response.headers.location });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** WebHDFS by hand, as the superuser, so that what is proven does not rest on the client that is proven. */
export async function ask(url: string, method: string, path: string, query: string, body?: Buffer): Promise<Answer> {
  const first = await send(`${url}/webhdfs/v1${path}?user.name=${userInfo().username}&${query}`, method);
  return first.location === undefined ? first : await send(first.location, method, body);
}

export async function done(url: string, method: string, path: string, query: string): Promise<void> {
  const { status, body } = await ask(url, method, path, query);
  if (status !== 200) throw new Error(`${query} ${path}: ${status} ${body}`);
}

export async function entriesOf(url: string, folder: string): Promise<readonly Entry[]> {
  const response = await ask(url, 'GET', folder, 'op=LISTSTATUS');
  if (response.status === 404) return [];
  return (JSON.parse(String(response.body)) as { FileStatuses: { FileStatus: Entry[] } }).FileStatuses.FileStatus;
}

export async function put(url: string, path: string, bytes: Buffer): Promise<void> {
  const { status } = await ask(url, 'PUT', path, 'op=CREATE&overwrite=true', bytes);
  if (status !== 201) throw new Error(`${path}: ${status}`);
}

export async function folderOf(directory: string): Promise<string> {
  return (JSON.parse(await readFile(join(directory, 'hdfs.json'), 'utf8')) as { folder: string }).folder;
}

export async function mediumOf(url: string, directory: string): Promise<Medium> {
  const folder = await folderOf(directory);
  const names = async () => (await entriesOf(url, folder)).map(({ pathSuffix }) => pathSuffix);
  return {
    all: names,
    filesOf: async (id) => (await names()).filter((name) => name === `chk-${id}` || name.startsWith(`pack-${id}.`)),
    read: async (file) => (await ask(url, 'GET', `${folder}/${file}`, 'op=OPEN')).body,
    replace: (file, bytes) => put(url, `${folder}/${file}`, bytes),
    remove: async (file) => void (await done(url, 'DELETE', `${folder}/${file}`, 'op=DELETE')),
    fakeCheckpoint: (id, text) => {
      const bytes = Buffer.from(text);
      const trailer = Buffer.from(`statebench-pack ${String(bytes.length).padStart(15, '0')}\n`);
      return put(url, `${folder}/chk-${id}`, Buffer.concat([bytes, trailer]));
    },
  };
}
