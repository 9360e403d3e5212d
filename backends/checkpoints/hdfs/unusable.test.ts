// Proves that addresses behind which there is no HDFS that can be used are named within 5 s, with what to do.
import { createServer as createTcpServer } from 'node:net';
import test from 'ava';
import hdfs from '../hdfs.ts';
import { answering, DEAD, listening, namedAtOnce, standsBy } from './named-at-once.ts';

test('addresses that cannot be are refused before anything is asked', (t) => {
  for (const url of [
    '',
    'hdfs://a:8020',
    'https://a:9871',
    'http://a:1+http://b:2+http://c:3',
    'http://a/path',
    'http://u:p@a:1',
    'http://a:1+',
  ])
    t.throws(() => hdfs({ url }), undefined, url);
  t.throws(() => hdfs({ url: DEAD, path: 'user/me' }));
  t.throws(() => hdfs({ url: DEAD, path: '/a//b' }));
  t.deepEqual(hdfs({ url: `${DEAD}/+http://b:9870`, user: 'me' }).settings, {
    url: `${DEAD}+http://b:9870`,
    user: 'me',
    path: '/user/me/statebench',
    mode: 'incremental',
    parallel: 4,
    waitMs: 60_000,
  });
});

test('a server that is absent', async (t) => {
  await namedAtOnce(t, { url: DEAD }, 'unavailable', /127\.0\.0\.1:1: connect ECONNREFUSED/);
  await namedAtOnce(t, { url: `${DEAD}+http://127.0.0.1:2` }, 'unavailable', /127\.0\.0\.1:1: .*; 127\.0\.0\.1:2: /);
  await namedAtOnce(t, { url: 'http://no-such-host.invalid:9870' }, 'unavailable', /no-such-host\.invalid/);
});

test('a server that takes connections and says nothing', async (t) => {
  const silent = await listening(
    t,
    createTcpServer((socket) => void t.teardown(() => socket.destroy())),
  );
  await namedAtOnce(t, { url: silent }, 'unavailable', /nothing came for 4000 ms/);
  await namedAtOnce(t, { url: `${silent}+${silent}` }, 'unavailable', /nothing came for 2000 ms/);
});

test('a server that is no WebHDFS', async (t) => {
  const page = await answering(t, (_, response) => response.end('<html>hello</html>'));
  await namedAtOnce(t, { url: page }, 'unavailable', /is no WebHDFS service \(HTTP 200\): name the HTTP address of a NameNode/);
  const nothing = await answering(t, (_, response) => response.writeHead(404).end('not here'));
  await namedAtOnce(t, { url: nothing }, 'unavailable', /is no WebHDFS service \(HTTP 404\)/);
  const other = await listening(
    t,
    createTcpServer((socket) => socket.end('-ERR unknown command\r\n')),
  );
  await namedAtOnce(t, { url: other }, 'unavailable', /is no WebHDFS service \(it does not speak HTTP\)/);
  const login = await answering(t, (_, response) => response.writeHead(401, { 'www-authenticate': 'Negotiate' }).end());
  await namedAtOnce(t, { url: login }, 'unavailable', /asks for Kerberos or another login/);
});

test('NameNodes that only stand by', async (t) => {
  const standby = await answering(t, standsBy);
  await namedAtOnce(t, { url: standby }, 'unavailable', /state standby.*Give the active NameNode too/);
  await namedAtOnce(t, { url: `${standby}+${DEAD}` }, 'unavailable', /state standby.*; 127\.0\.0\.1:1: /);
});
