/** Finds out what listens where no Cassandra answers: only for telling what to do. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Address } from '../served/distance.ts';

/** After the whole time that connecting takes: a second more, and it would be five. */
const LIMIT_MS = 600;
const SAID_CHARACTERS = 40;
/** The native protocol's OPTIONS: version 4, flags 0, stream 0, opcode 5, no body. */
const OPTIONS = Buffer.from([0x04, 0, 0, 0, 0x05, 0, 0, 0, 0]);
/** Of a response, whichever version: the highest bit, and a number that is small. */
const isResponse = (first: number): boolean => first >= 0x81 && first <= 0x86;

/** `tls` if it greets by TLS; else the begin of what it says to a question of Cassandra's, if it is no answer; null if that tells nothing. */
export async function whatListens(address: Address): Promise<'tls' | { readonly says: string } | null> {
  const [tls, said] = await Promise.all([greetsByTls(address), saysTo(OPTIONS, address)]);
  if (tls) return 'tls';
  const [line = ''] = said.toString('latin1').split(/[\r\n]/, 1);
  return said.length === 0 || isResponse(said[0]!) ? null : { says: line.replace(/[^ -~]/g, '?').slice(0, SAID_CHARACTERS) };
}

function greetsByTls({ host, port }: Address): Promise<boolean> {
  // Nothing is sent but the greeting, to whomever it is.
  const socket = connectTls({ host, port, rejectUnauthorized: false });
  return new Promise((resolve) => {
    const end = endOf<boolean>(socket, resolve, false);
    socket.once('secureConnect', () => end(true));
  });
}

function saysTo(question: Buffer, { host, port }: Address): Promise<Buffer> {
  const socket = connect({ host, port });
  return new Promise((resolve) => {
    const end = endOf(socket, resolve, Buffer.alloc(0));
    socket.once('connect', () => socket.write(question));
    socket.once('data', end);
  });
}

/** Ends a socket with what was found; with `otherwise` if it fails, or nothing was found in time. */
function endOf<T>(socket: Socket, resolve: (found: T) => void, otherwise: T): (found: T) => void {
  const end = (found: T): void => {
    clearTimeout(timer);
    socket.destroy();
    resolve(found);
  };
  const timer = setTimeout(() => end(otherwise), LIMIT_MS);
  socket.on('error', () => end(otherwise));
  socket.once('close', () => end(otherwise));
  return end;
}
