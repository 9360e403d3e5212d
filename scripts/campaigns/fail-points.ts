/** R3: a process that fails at a named point of the checkpoint path leaves something that the next one can go on from. */
import { FAIL_POINTS, FAIL_VARIABLE, FAULTS, type FailPoint, type Fault } from '../../backends/checkpoints/fail-points.ts';
import { type Ordeal, UNHARMED } from '../../harness/survival/survival.ts';
import { type Campaign, type CaseRequest, type CaseResult, countTo } from './campaign.ts';
import { type Ground, groundOf } from './kill-plan.ts';
import { endure } from './kills.ts';

const STALL_MS = 2_000;

/** Two checkpoints are there and a third is begun: from here on every point is passed by the process that comes next. */
const PREPARED: Ordeal = { ...UNHARMED, name: 'killed in its third checkpoint', killAt: { phase: 'checkpoint', nth: 3 } };

function failingAt(point: FailPoint, fault: Fault, nth: number): Ordeal {
  return {
    ...UNHARMED,
    name: `${point}:${fault}:${nth}`,
    environment: { [FAIL_VARIABLE]: `${point}:${fault}:${nth}` },
    mayFail: ({ code, message }) => {
      if (fault === 'exit') return code === 'SIGKILL';
      return message.includes(`made to happen at ${point}`) && code === (fault === 'ENOSPC' ? 'disk-full' : code);
    },
  };
}

/** Every checkpoint that is due is cut, so that each point is passed for certain. */
function steadyGround(seed: number): Ground {
  return { ...groundOf(seed), overlap: false, batchSize: 500, checkpointEvery: 650 };
}

/** One point with one fault, by seed, the first or the second time it is passed. */
async function onePoint(request: CaseRequest): Promise<CaseResult> {
  const point = FAIL_POINTS[request.seed % FAIL_POINTS.length]!;
  const fault = FAULTS[Math.floor(request.seed / FAIL_POINTS.length) % FAULTS.length]!;
  const once = point === 'amid-restore' || point === 'before-first-event';
  const ordeal = failingAt(point, fault, once ? 1 : 1 + (request.seed % 2));
  const start = performance.now();
  const done = await endure(request, steadyGround(request.seed), [PREPARED, ordeal]);
  if (done.problem !== null) return done;
  if (fault === 'stall') {
    return performance.now() - start >= STALL_MS ? done : { ...done, problem: `${ordeal.name}: nothing stood still, so it was not passed` };
  }
  return done.failures.length === 1 ? done : { ...done, problem: `${ordeal.name}: nothing failed, so it was not passed` };
}

/** Every point with `exit` in one run, one process after the other. */
async function everyExit(request: CaseRequest): Promise<CaseResult> {
  const ordeals = FAIL_POINTS.map((point) => failingAt(point, 'exit', 1));
  const done = await endure(request, steadyGround(request.seed), [PREPARED, ...ordeals]);
  if (done.problem !== null || done.failures.length === FAIL_POINTS.length) return done;
  return { ...done, problem: `only ${done.failures.length} of ${FAIL_POINTS.length} points were passed` };
}

export function failPointCampaign(): Campaign {
  return {
    name: 'R3',
    what: `${FAIL_POINTS.length} points × ${FAULTS.join(', ')}: the next process goes on from what is left`,
    unavailable: () => null,
    alone: false,
    seeds: () => countTo(FAIL_POINTS.length * FAULTS.length),
    try: onePoint,
  };
}

/** The quick form of {@link failPointCampaign}. */
export function everyPointCampaign(): Campaign {
  return {
    ...failPointCampaign(),
    name: 'R3-exits',
    what: `${FAIL_POINTS.length} processes in a row, each gone at another point`,
    seeds: () => countTo(1),
    try: everyExit,
  };
}
