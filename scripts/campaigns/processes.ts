/** Looks at processes and ports from outside, by /proc: for proving that none is left. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Every process that `pid` started, or one of those, as far as the chain is unbroken now. */
export function descendants(pid: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : null;
    if (stat !== null) children.set(stat.parent, [...(children.get(stat.parent) ?? []), Number(name)]);
  }
  const found: number[] = [];
  for (const waiting = [pid]; waiting.length > 0; ) {
    const next = children.get(waiting.pop()!) ?? [];
    found.push(...next);
    waiting.push(...next);
  }
  return found;
}

/** False for a zombie: it does nothing any more. */
export function isAlive(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== null && stat.state !== 'Z' && stat.state !== 'X';
}

/** TCP ports that a process listens on. */
export function portsOf(pid: number): readonly number[] {
  const inodes = new Set(socketsOf(pid));
  return inodes.size === 0 ? [] : listening().flatMap(({ port, inode }) => (inodes.has(inode) ? [port] : []));
}

export function isListening(port: number): boolean {
  return listening().some((socket) => socket.port === port);
}

function socketsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((descriptor) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1] ?? [];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}

/** State 0A is LISTEN; the tenth field is the inode. */
function listening(): readonly { readonly port: number; readonly inode: string }[] {
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => {
    try {
      const lines = readFileSync(file, 'latin1').trim().split('\n').slice(1);
      return lines.flatMap((line) => {
        const fields = line.trim().split(/\s+/);
        return fields[3] === '0A' ? [{ port: Number.parseInt(fields[1]!.split(':')[1]!, 16), inode: fields[9]! }] : [];
      });
    } catch {
      return [];
    }
  });
}

function statOf(pid: number): { readonly state: string; readonly parent: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', parent: Number(fields[1]) };
  } catch {
    return null;
  }
}
