// Proves that only a setting which names a point and a fault is taken, and that what is refused is told with the list.
import test from 'ava';
import { FAIL_POINTS, failPoint, readFailPoint } from './fail-points.ts';

test('a setting is a point, a fault, and which time', (t) => {
  t.is(FAIL_POINTS.length, 12);
  t.deepEqual(readFailPoint('after-rename:exit'), { point: 'after-rename', fault: 'exit', nth: 1 });
  t.deepEqual(readFailPoint('sink-commit:ENOSPC:3'), { point: 'sink-commit', fault: 'ENOSPC', nth: 3 });
});

for (const setting of ['', 'after-renam:exit', 'after-rename', 'after-rename:EPERM', 'after-rename:exit:0', 'after-rename:exit:1:1']) {
  test(`refused: '${setting}'`, (t) => {
    const error = t.throws(() => readFailPoint(setting), { instanceOf: RangeError });
    for (const word of [...FAIL_POINTS, 'exit', 'EIO', 'ENOSPC', 'stall']) t.true(error?.message.includes(word), word);
  });
}

test('unset, there is nothing to call', (t) => {
  t.is(failPoint, null);
});
