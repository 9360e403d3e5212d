// Proves that points are read from files and from text alike, and that a bad line is named with its file and number.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { WorkloadError } from '../../contract.ts';
import { parseEcdf, readEcdf } from './ecdf.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'statebench-ecdf-'));
const file = path.join(folder, 'keys.csv');
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

const POINTS = [
  { keyFraction: 0.01, share: 0.5 },
  { keyFraction: 0.2, share: 0.9 },
  { keyFraction: 1, share: 1 },
];

test.serial('a line a point, or entries with colons', (t) => {
  for (const text of ['0.01,0.5\n0.2,0.9\n1,1\n', '.01, 5e-1\r\n0.20,.9\r\n1.0,1', '0.01:0.5\n0.2 , 0.9\n1,1']) {
    writeFileSync(file, text);
    t.deepEqual(readEcdf(file), POINTS);
  }
  for (const text of ['0.01:0.5;0.2:0.9;1:1', '0.01,0.5; 0.2,0.9; 1,1;']) t.deepEqual(parseEcdf(text), POINTS);
});

test.serial('a bad line is named', (t) => {
  for (const [text, line, problem] of [
    ['0.01,0.5\nhalf,0.9\n1,1\n', 2, "'half,0.9' is no point"],
    ['0.01,0.5\n\n1,1\n', 2, "'' is no point"],
    ['0.1;0.5\n1,1\n', 1, 'is no point'],
    ['0.1,0.5,3\n1,1\n', 1, 'is no point'],
    ['-0.1,0.5\n1,1\n', 1, 'is no point'],
    ['0.2,0.5\n0.1,0.9\n1,1\n', 2, 'does not rise'],
    ['0.2,0.5\n0.2,0.9\n1,1\n', 2, 'does not rise'],
    ['0.2,0.9\n0.3,0.5\n1,1\n', 2, 'does not rise'],
    ['0.2,0.9\n20,100\n', 2, 'does not rise'],
    ['0.2,0.9\n0.9,1\n', 2, 'the last point must be 1,1'],
    ['', 1, 'not nothing'],
  ] as const) {
    writeFileSync(file, text);
    const error = t.throws(() => readEcdf(file), { instanceOf: WorkloadError, code: 'bad-data' });
    t.true(error.message.startsWith(`${file}, line ${line}: `) && error.message.includes(problem), error.message);
  }
  t.throws(() => readEcdf(path.join(folder, 'none')), { instanceOf: WorkloadError, code: 'missing-data', message: /cannot read .*none/ });
});

test('a bad point of an option is named', (t) => {
  t.throws(() => parseEcdf('0.1:0.5;0.05:0.9;1:1'), {
    instanceOf: WorkloadError,
    code: 'impossible-settings',
    message: /ecdf, point 2: '0.05:0.9' does not rise/,
  });
});
