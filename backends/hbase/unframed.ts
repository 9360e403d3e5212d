/** Finds out whether a server that does not answer framed calls answers without frames: only for telling what to do. */
import { connect } from 'node:net';
import type { ThriftAddress } from './thrift-connection.ts';
import { FRAME_BYTES, ThriftWriter } from './thrift-protocol.ts';

const LIMIT_MS = 800;

export function speaksUnframed({ host, port }: ThriftAddress): Promise<boolean> {
  const writer = new ThriftWriter(64);
  writer.begin('getThriftServerType');
  const call = writer.end().subarray(FRAME_BYTES);
  return new Promise((resolve) => {
    let answer = Buffer.alloc(0);
    const socket = connect({ host, port });
    const timer = setTimeout(() => socket.destroy(), LIMIT_MS);
    socket.once('connect', () => socket.write(call));
    socket.on('data', (bytes) => {
      answer = Buffer.concat([answer, bytes]);
      if (answer.length >= 2) socket.destroy();
    });
    socket.on('error', () => {});
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(answer.length >= 2 && answer.readUInt16BE(0) === call.readUInt16BE(0));
    });
  });
}
