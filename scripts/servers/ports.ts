/** Finds ports of the loopback interface that nothing listens on. */
import { createServer, type Server } from 'node:net';

/**
 * Distinct free ports, told by the kernel. Another process may take one before it is used: whoever uses them tries again then.
 * @throws Error if there are no more
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const held = await Promise.all(Array.from({ length: count }, holdPort));
  const ports = held.map(({ port }) => port);
  await Promise.all(held.map(({ server }) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function holdPort(): Promise<{ readonly server: Server; readonly port: number }> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve({ server, port: address.port });
      else reject(new Error('no port'));
    });
  });
}
