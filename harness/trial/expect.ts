import type { Workload } from '../../workloads/contract.ts';
import { create } from '../modules.ts';
import { oracle } from '../oracle/oracle.ts';
import type { Expected, ExpectTask } from './tasks.ts';

/** The right output at each stop, by the oracle, in one pass over the stream. */
export async function expect({ workload: ref, seed, stops }: ExpectTask): Promise<Expected[]> {
  const workload = await create<Workload>(ref);
  const source = await workload.source({ seed, endless: true });
  const expected: Expected[] = [];
  for await (const { atEvent, fired, ended, late: lateByStage } of oracle(workload, source, stops)) {
    expected.push({ atEvent, fired, ended, lateByStage });
  }
  return expected;
}
