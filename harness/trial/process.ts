/** The program of every process of a trial: takes one task from its parent, does it, answers, ends. */
import { FAIL_VARIABLE, readFailPoint } from '../../backends/checkpoints/fail-points.ts';
import { isDiskFull, messageOf } from '../errors.ts';
import type { Meet, ResultOf, Task, Tell } from './tasks.ts';

const startedNs = Number(process.hrtime.bigint());

const tell: Tell = (message) =>
  new Promise((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error ? reject(error) : resolve()));
  });

const meet: Meet = async () => {
  const told = new Promise<void>((resolve) => process.once('message', () => resolve()));
  await tell({ type: 'waits' });
  await told;
};

/** LMDB's words for a write of which the disk took only a part: it cannot tell a full disk from a broken one. */
const SHORT_WRITE = /Input\/output error/;

/** Loads what the task takes and nothing else: that is most of a process's start. */
async function perform(task: Task): Promise<ResultOf[Task['kind']]> {
  switch (task.kind) {
    case 'calibrate':
      return (await import('./calibrate.ts')).calibrate(task, tell);
    case 'measure':
      return (await import('./measure.ts')).measure(task, tell, meet);
    case 'recover':
      return (await import('./recover.ts')).recover(task, tell, startedNs);
    case 'expect':
      return (await import('./expect.ts')).expect(task);
    case 'output':
      return (await import('./output.ts')).output(task, tell, meet);
    case 'check-rows':
      return (await import('./check-rows.ts')).checkRows(task);
    case 'rescale':
      return (await import('./rescale.ts')).rescale(task, tell);
    case 'survive':
      return (await import('./survive.ts')).survive(task, tell);
    case 'interval':
      return (await import('./interval.ts')).interval(task, tell);
    case 'latency':
      return (await import('./latency.ts')).latency(task, tell);
    case 'micro':
      return (await import('./micro.ts')).micro(task, tell);
    case 'replay':
      return (await import('./replay.ts')).replay(task, tell);
  }
}

// A Ctrl-C at the terminal reaches every process of the run; the parent decides what it means.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
// A parent that is gone has no use for the work, however it went.
process.on('disconnect', () => process.exit(1));
process.once('message', async (task: Task) => {
  try {
    const { [FAIL_VARIABLE]: failPoint } = process.env;
    if (failPoint !== undefined) readFailPoint(failPoint);
    await tell({ type: 'result', result: await perform(task) });
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    const full = code !== 'disk-full' && isDiskFull(error);
    await tell({
      type: 'failed',
      code: full ? 'disk-full' : typeof code === 'string' ? code : 'error',
      message: `${full ? 'the disk is full: make room and run again; ' : ''}${messageOf(error)}${SHORT_WRITE.test(messageOf(error)) ? '; a short write on a full disk is told like this too: see that there is room' : ''}`,
    });
  }
  process.exit(0);
});
