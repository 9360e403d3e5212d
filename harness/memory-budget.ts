/** One budget of memory for all backends of a run: each takes it by the option that they share, and says in its settings how it spends it. */
import type { StateBackend } from '../backends/contract.ts';
import { StatebenchError } from './errors.ts';
import type { LoadedModule } from './modules.ts';
import { isHarnessCost } from './plan.ts';
import { formatBytes } from './units.ts';

/** The option of a backend that takes a budget, as `StateBackend.settings` says. */
const OPTION = 'memoryBytes';

/**
 * The backend with a budget of so many bytes. One that sets its own keeps it, and so does one whose memory is not here to be given: the
 * null backend, and a server's without the option.
 * @throws StatebenchError `bad-value` if an embedded backend takes none, or not this one
 */
export function withMemory(module: LoadedModule<StateBackend>, bytes: number): LoadedModule<StateBackend> {
  if (Object.hasOwn(module.options, OPTION)) return module;
  if (module.described.some(({ name }) => name === OPTION)) return module.with({ key: OPTION, value: bytes });
  if (module.server !== null || isHarnessCost(module)) return module;
  throw new StatebenchError(
    'bad-value',
    `backend '${module.name}' takes no budget of memory, so it cannot be given ${formatBytes(bytes)} as the others are: give it an option ${OPTION}, or leave --memory out`,
  );
}
