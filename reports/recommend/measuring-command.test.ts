// Proves that the command that decides a need is the run's own, extended by what it has to measure.
import test from 'ava';
import { measuringCommand } from './measuring-command.ts';

test("the command is the run's own, with --measure extended and without its folder", (t) => {
  const run = {
    command: "npx statebench run --workload 'synthetic:keys=10' --measure throughput,recovery --out=there --seed 5",
    measures: ['throughput', 'recovery'],
  } as const;
  t.is(measuringCommand(run, ['p99', 'p50']), "npx statebench run --workload 'synthetic:keys=10' --seed 5 --measure recovery,latency");
  t.is(measuringCommand({ ...run, command: 'npx statebench' }, ['rescale']), 'npx statebench run --measure recovery,rescale');
});

test('there is none where the same command again would not help', (t) => {
  const run = { command: 'npx statebench run --measure latency', measures: ['throughput', 'latency'] } as const;
  t.is(measuringCommand(run, ['p99', 'rss']), null);
});
