import { open } from 'node:fs/promises';
import { messageOf, StatebenchError } from '../errors.ts';
import { openGadgetText, type TextRequest } from './gadget-text.ts';
import type { Trace } from './trace.ts';
import { MAGIC } from './trace-format.ts';
import { looksLikeTrace, openTrace } from './trace-reader.ts';

/**
 * Opens a trace of either form: one that `trace record` wrote, or, if it does not begin as such, one in Gadget's text form.
 * @throws StatebenchError `missing-data` or `bad-data`
 */
export async function openAnyTrace(file: string, request: TextRequest): Promise<Trace> {
  const beginning = Buffer.alloc(MAGIC.length);
  try {
    const handle = await open(file);
    try {
      await handle.read(beginning, 0, beginning.length, 0);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw new StatebenchError('missing-data', `cannot read the trace ${file}: ${messageOf(cause)}`, { cause });
  }
  const trace = await (looksLikeTrace(beginning) ? openTrace(file) : openGadgetText(file, request));
  if (trace.end.calls === 0) throw new StatebenchError('bad-data', `the trace ${file} has no operations`);
  return trace;
}
