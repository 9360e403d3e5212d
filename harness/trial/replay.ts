import type { StateBackend } from '../../backends/contract.ts';
import { create } from '../modules.ts';
import { openAnyTrace } from '../traces/open-trace.ts';
import { type Replayed, replayTrace } from '../traces/replay.ts';
import type { ReplayTask, Tell } from './tasks.ts';

/** Replays a trace on a backend, alone in this process. */
export async function replay({ file, text, backend, directory, verify }: ReplayTask, tell: Tell): Promise<Replayed> {
  await tell({ type: 'phase', phase: 'open' });
  const trace = await openAnyTrace(file, text);
  const made = await create<StateBackend>(backend);
  await tell({ type: 'phase', phase: 'replay' });
  return replayTrace({ trace, backend: made, directory, verify });
}
