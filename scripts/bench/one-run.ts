/** The program of one measurement: takes a {@link Run} as JSON, and writes its result as JSON. */
import type { StateBackend } from '../../backends/contract.ts';
import { create, loadBackend, loadWorkload } from '../../harness/modules.ts';
import type { Workload } from '../../workloads/contract.ts';
import { mapOfObjects } from './map-of-objects.ts';
import { ownCost } from './own-cost.ts';
import { pipelineRate } from './pipeline-rate.ts';
import type { Run } from './runs.ts';

const run = JSON.parse(process.argv[2]!) as Run;
const backend = run.backend === mapOfObjects.name ? mapOfObjects : await create<StateBackend>(await loadBackend(run.backend));
const workload = await create<Workload>(await loadWorkload(run.workload));
const result = run.kind === 'rate' ? await pipelineRate(backend, workload, run) : await ownCost(backend, workload, run);
process.stdout.write(JSON.stringify(result));
