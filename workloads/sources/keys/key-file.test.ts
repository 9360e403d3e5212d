// Proves that the keys of a file come byte for byte, in order and around, from any event on, and that a bad line is named.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { WorkloadError } from '../../contract.ts';
import { eventKeys } from './event-keys.ts';
import { readKeyFile } from './key-file.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'statebench-keys-'));
const file = path.join(folder, 'keys.txt');
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

test.serial('keys come as they are, in order and around', (t) => {
  const lines = ['JFK', 'a key', 'öäü', 'JFK', '12345678'];
  for (const text of [lines.join('\n'), `${lines.join('\r\n')}\r\n`]) {
    writeFileSync(file, text);
    const content = readKeyFile(file, 8);
    t.is(content.lines, 5);
    const write = eventKeys(1, { distribution: { kind: 'file', content }, regime: { kind: 'steady' }, keys: 1, keyBytes: 8 }, 100);
    for (const position of [0, 3, 2 ** 40]) {
      const words = new Uint32Array(2 * 14);
      write(words, 1, position, 12);
      for (let i = 0; i < 12; i++) {
        const key = Buffer.alloc(8);
        key.write(lines[(position + i) % 5]!);
        t.deepEqual(Buffer.from(words.buffer, 8 * (i + 1), 8), key);
      }
      t.deepEqual([words[0], words[26]], [0, 0]);
    }
  }
});

test.serial('a bad line is named', (t) => {
  const bad = (text: string | Uint8Array, message: RegExp): void => {
    writeFileSync(file, text);
    t.throws(() => readKeyFile(file, 4), { instanceOf: WorkloadError, code: 'bad-data', message });
  };
  bad('', /keys\.txt is empty/);
  bad('a\n\nb\n', /keys\.txt, line 2: no key/);
  bad('a\nb\r\n\r\n', /line 3: no key/);
  bad('abcd\nabcde\n', /line 2: a key of 5 bytes; keyBytes is 4: choose more/);
  bad('a\0b\n', /line 1: a zero byte/);
  t.throws(() => readKeyFile(folder, 4), { instanceOf: WorkloadError, code: 'missing-data', message: /cannot read/ });
});

test.serial('a file has the keys that it has', (t) => {
  writeFileSync(file, 'a\n');
  const distribution = { kind: 'file', content: readKeyFile(file, 4) } as const;
  t.throws(() => eventKeys(1, { distribution, regime: { kind: 'growing', growOver: 9 }, keys: 1, keyBytes: 4 }, 1), {
    instanceOf: WorkloadError,
    code: 'impossible-settings',
    message: /distribution=file cannot be growing/,
  });
});
