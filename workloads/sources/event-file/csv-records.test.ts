// Proves that records come out as they were written, with the lines that they begin in, wherever the pieces of the file are cut; by hand
// what is hostile: quotes, CRLF, line ends in quotes, lines without end, zero bytes.
import test from 'ava';
import { CsvRecords, RECORD_BYTES_MAX } from './csv-records.ts';

interface Read {
  /** `line: fields`, or `line! problem`. */
  readonly told: readonly string[];
}

function read(pieces: readonly (string | Buffer)[], delimiter = ',', most = Infinity): Read {
  const told: string[] = [];
  const records = new CsvRecords(delimiter.charCodeAt(0), {
    record(record) {
      const fields = Array.from({ length: record.length }, (_, i) => record.text(i));
      told.push(`${record.line}: ${fields.join('|')}`);
      return told.length < most;
    },
    bad(line, problem) {
      told.push(`${line}! ${problem}`);
      return told.length < most;
    },
  });
  if (pieces.every((piece) => records.push(Buffer.from(piece as string, 'latin1')))) records.end();
  return { told };
}

const CASES: readonly (readonly [text: string, told: readonly string[]])[] = [
  ['', []],
  ['a', ['1: a']],
  ['a,b\n1,2\n', ['1: a|b', '2: 1|2']],
  ['a,b\r\n1,2\r\n', ['1: a|b', '2: 1|2']],
  ['a,b\r\n1,2\n3,4', ['1: a|b', '2: 1|2', '3: 3|4']],
  ['a\r\n\r\n\nb', ['1: a', '4: b']],
  [',\n,,', ['1: |', '2: ||']],
  ['"a","b"\n"1","2"', ['1: a|b', '2: 1|2']],
  ['"a"\r\n"b"\r', ['1: a', '2: b']],
  ['"a,b","c\nd\ne"\nf,g', ['1: a,b|c\nd\ne', '4: f|g']],
  ['"a\r\nb",c\r\nd,e', ['1: a\r\nb|c', '3: d|e']],
  ['"a""b","""","",""""""\n', ['1: a"b|"||""']],
  ['a"b,"",c""\n', ['1: a"b||c""']],
  ['a,\0b\n\u00ff,c', ['1: a|\0b', '2: \u00ff|c']],
  ['a\rb,c\n', ['1: a\rb|c']],
  ['"a"b,c\nd,e\n', ['1! a field goes on after its closing quote', '2: d|e']],
  ['"a"\rb\nd', ['1! a field goes on after its closing quote', '2: d']],
  ['a,"b\nc,d\ne', ['1! a quote is opened and never closed', '2: c|d', '3: e']],
  ['"', ['1! a quote is opened and never closed']],
  ['""', []],
  ['"",', ['1: |']],
];

test('by hand, whole and cut at every place', (t) => {
  for (const [text, told] of CASES) {
    t.deepEqual(read([text]).told, told, JSON.stringify(text));
    for (let cut = 0; cut <= text.length; cut++) {
      t.deepEqual(read([text.slice(0, cut), text.slice(cut)]).told, told, `${JSON.stringify(text)} cut at ${cut}`);
    }
    t.deepEqual(read([...text]).told, told, `${JSON.stringify(text)} byte by byte`);
  }
});

test('another delimiter', (t) => {
  t.deepEqual(read(['a;b\n"1;2";,\n'], ';').told, ['1: a|b', '2: 1;2|,']);
  t.deepEqual(read(['a\tb\n'], '\t').told, ['1: a|b']);
});

test('a handler that wants no more hears of no more', (t) => {
  t.deepEqual(read(['a\nb\nc\n'], ',', 2).told, ['1: a', '2: b']);
  t.deepEqual(read(['a\n', 'b\n', 'c\n'], ',', 2).told, ['1: a', '2: b']);
});

test('a record that is too long is told once and passed over to the end of its line, a little shorter it is read', (t) => {
  const problem = /^2! a record of more than 1048576 bytes, or a quote that is never closed$/;
  for (const line of ['x'.repeat(3 * RECORD_BYTES_MAX), `"${'x'.repeat(RECORD_BYTES_MAX)}`]) {
    const text = `a\n${line}\nb,c\n`;
    for (const size of [text.length, 65_536, RECORD_BYTES_MAX]) {
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(i * size, (i + 1) * size));
      const { told } = read(pieces);
      t.is(told.length, 3);
      t.regex(told[1]!, problem);
      t.deepEqual([told[0], told[2]], ['1: a', '3: b|c']);
    }
  }
  t.is(read([`${'x'.repeat(RECORD_BYTES_MAX - 1)}\n`]).told[0]!.length, RECORD_BYTES_MAX + 2);
});

test('at random: records come back from any pieces', (t) => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  t.log(`seed ${seed}`);
  let state = seed;
  const random = (bound: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return Math.floor((state / 2 ** 31) * bound);
  };
  for (let run = 0; run < 500; run++) {
    const letters = ['a', '1', ' ', ',', '"', '\n', '\r', '\0', '\u00e9'];
    const word = (): string => Array.from({ length: random(6) }, () => letters[random(letters.length)]).join('');
    let text = '';
    let line = 1;
    const told: string[] = [];
    for (let rows = random(12); rows > 0; rows--) {
      const fields = Array.from({ length: 1 + random(4) }, word);
      const written = fields.map((field) => (/[",\n\r]/.test(field) || random(4) === 0 ? `"${field.replaceAll('"', '""')}"` : field));
      if (fields.length > 1 || fields[0] !== '') told.push(`${line}: ${fields.join('|')}`);
      const row = written.join(',') + (rows === 1 && random(2) === 0 ? '' : random(2) === 0 ? '\n' : '\r\n');
      line += row.split('\n').length - 1;
      text += row;
    }
    const pieces: string[] = [];
    for (let at = 0; at < text.length; ) {
      const length = 1 + random(9);
      pieces.push(text.slice(at, at + length));
      at += length;
    }
    t.deepEqual(read(pieces).told, told, `seed ${seed}, run ${run}: ${JSON.stringify(pieces)}`);
  }
});
