// Proves that the search brackets what a queue can take, whatever that is, and says why a rate failed.
import test from 'ava';
import { RateSearch } from './rate-search.ts';

/** What a stretch of 10 s comes to where `capacity` events a second are done. */
function stretch(ratePerSecond: number, capacity: number) {
  const events = ratePerSecond * 10;
  const share = Math.min(1, capacity / ratePerSecond);
  return { ratePerSecond, events, backlogSlope: 1 - share, doneShare: share, p99Ns: share === 1 ? 2e6 : (1 - share) * 1e10 };
}

for (const capacity of [31_000, 42_500, 77_777, 99_000]) {
  test(`a capacity of ${capacity} is bracketed`, (t) => {
    const search = new RateSearch(100_000, 1000, 5);
    for (let next = search.nextPerSecond; next !== null; next = search.nextPerSecond) search.add(stretch(next, capacity), 100);
    const { passedPerSecond, failedPerSecond, steps } = search.found;
    t.is(steps.length, 5);
    if (capacity === 99_000) t.is(failedPerSecond, null, 'within a hundredth of the rate nothing fails');
    // A hundredth of the rate is forgiven.
    else t.true(passedPerSecond! <= capacity * 1.0102 && failedPerSecond! > capacity, `[${passedPerSecond}, ${failedPerSecond}]`);
    t.true((failedPerSecond ?? 100_000) - passedPerSecond! <= 0.1 * 100_000);
  });
}

test('where all fail, the lowest is tried last; a rate may fail by its p99 alone', (t) => {
  const search = new RateSearch(100_000, 1000, 5);
  for (let next = search.nextPerSecond; next !== null; next = search.nextPerSecond) search.add(stretch(next, 10_000), 100);
  t.is(search.found.passedPerSecond, null);
  t.is(search.found.failedPerSecond, 30_000);
  t.is(search.found.steps.at(-1)!.ratePerSecond, 30_000);
  t.regex(search.found.steps[0]!.reason!, /backlog grew by 84\.6 % of the rate; only 15\.4 % of the events/);

  const limited = new RateSearch(100_000, 5, 1);
  limited.add({ ...stretch(50_000, 60_000), p99Ns: 6e6 }, 100);
  t.is(limited.found.steps[0]!.reason, 'p99 was 6 ms, above 5 ms');
});

test('the micro-batch under way is not behind', (t) => {
  const search = new RateSearch(1000, 1000, 1);
  search.add({ ratePerSecond: 650, events: 650, backlogSlope: 0, doneShare: 0.9, p99Ns: 1e6 }, 100);
  t.true(search.found.steps[0]!.passed);
});
