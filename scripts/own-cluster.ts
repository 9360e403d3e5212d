/** A cluster of one's own for the flink backends of a run, from the command line. */
import { StatebenchError } from '../harness/errors.ts';
import type { Spec } from '../harness/spec.ts';
import type { Suite } from '../harness/suite.ts';

/**
 * Gives the flink backends of a suite the cluster; those that name one keep theirs.
 * @throws StatebenchError `bad-command-line` if that has no effect
 */
export function onCluster(suite: Suite, { flink, gateway }: { readonly flink?: string; readonly gateway?: string }): Suite {
  if (flink === undefined && gateway === undefined) return suite;
  if (flink === undefined) {
    throw new StatebenchError('bad-command-line', '--gateway names the gateway of a cluster: name its JobManager with --flink too');
  }
  if (!suite.backends.some(isFlink)) {
    throw new StatebenchError(
      'bad-command-line',
      '--flink names a cluster, and no backend of this run uses one: add --backend flink:rocksdb',
    );
  }
  const added = Object.entries({ url: flink, ...(gateway !== undefined && { gateway }) });
  const named = (spec: Spec): Spec => ({
    ...spec,
    options: [
      ...spec.options,
      ...added.flatMap(([key, value]) => (spec.options.some((option) => option.key === key) ? [] : [{ key, value }])),
    ],
  });
  return { ...suite, backends: suite.backends.map((spec) => (isFlink(spec) ? named(spec) : spec)) };
}

function isFlink({ name, isPath }: Spec): boolean {
  return name === 'flink' && !isPath;
}
