/** Draws how far a run is: one line that changes on a terminal, a line per finished trial elsewhere. */
import { comparedRowsOf, type Plan, type Trial } from '../harness/results.ts';
import type { RunEvent } from '../harness/run-events.ts';
import { formatSeconds } from '../harness/units.ts';
import { TimeLeft } from './time-left.ts';

/** The part of stderr that is used. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Progress {
  onEvent(event: RunEvent): void;
  /** Takes the plan with the twin that calibration chose. */
  onPlan(plan: Plan): void;
  /** Wipes the changing line and writes no more of it. */
  end(): void;
}

export interface ProgressRequest {
  readonly screen: Screen;
  /** `line`: by what the screen is. `plain`: a line per finished trial. `quiet`: only failures. */
  readonly style: 'line' | 'plain' | 'quiet';
  readonly plan: Pick<Plan, 'cells' | 'profile'>;
  /** What the plan expects of what is still to be done, for the time left until trials tell better. */
  readonly expectedSeconds: number;
  /** Trials of an earlier part of the run. */
  readonly alreadyFinished: readonly Trial[];
  readonly now?: () => number;
}

/** At most twice a second. */
const PAUSE_MS = 500;
const WIPE = '\r\u{1b}[2K';

export function drawProgress({
  screen,
  style,
  plan,
  expectedSeconds,
  alreadyFinished,
  now = () => performance.now(),
}: ProgressRequest): Progress {
  const changes = style === 'line' && screen.isTTY === true;
  const left = new TimeLeft({ plan, finished: alreadyFinished, expectedSeconds, now });
  let drawnMs = Number.NEGATIVE_INFINITY;
  let finished = alreadyFinished.length;
  let current = '';
  let trials = 0;

  const draw = (): void => {
    if (!changes || now() - drawnMs < PAUSE_MS) return;
    drawnMs = now();
    const line = `${finished}/${trials}  ${current}  ${leftText(left, plan)}`;
    screen.write(`${WIPE}${line.slice(0, (screen.columns ?? 80) - 1)}`);
  };
  const wipe = (): void => {
    if (changes && drawnMs > 0) screen.write(WIPE);
  };
  const onEvent = (event: RunEvent): void => {
    left.onEvent(event);
    switch (event.type) {
      case 'trial-started':
        trials = event.trials;
        current = `${event.cell}, block ${event.block}`;
        break;
      case 'progress':
        current = `${event.cell}, ${event.phase} ${Math.round(event.done * 100)} %`;
        break;
      case 'extended':
        if (style !== 'quiet') {
          wipe();
          screen.write(
            `${event.cell}: its throughput was still falling, so that its trials measure ${event.measuredSeconds} s from now on\n`,
          );
        }
        break;
      case 'trial-finished':
        trials = event.trials;
        finished = event.index;
        if (event.trial.state === 'failed' || (!changes && style !== 'quiet')) {
          wipe();
          const isToTell = !changes && event.trial.state === 'completed' && finished < trials;
          screen.write(`${finishedLine(event)}${isToTell ? `, ${leftText(left, plan)}` : ''}\n`);
        }
        break;
    }
    draw();
  };
  return { onEvent, onPlan: ({ cells }) => left.setCells(cells), end: wipe };
}

/** A run that may end as soon as enough is known takes at most what all its blocks take. */
function leftText(left: TimeLeft, { profile: { sequential } }: Pick<Plan, 'profile'>): string {
  return `${sequential === null ? 'about' : 'at most'} ${formatSeconds(left.seconds())} left`;
}

function finishedLine({ trial, index, trials }: Extract<RunEvent, { type: 'trial-finished' }>): string {
  const head = `${String(index).padStart(String(trials).length)}/${trials}  ${trial.cell}, block ${trial.block}`;
  if (trial.state === 'failed') return `${head}: did not finish (${trial.phase}): ${trial.message.split('\n')[0]}`;
  const { correctness, throughput } = trial;
  const isWrong = Object.values(correctness).some((output) => output?.equal === false);
  const rows = comparedRowsOf(trial);
  const verdict = isWrong ? 'OUTPUT WRONG' : rows === 0 ? 'output unchecked' : 'output right';
  return `${head}: ${Math.round(throughput.eventsPerSecond).toLocaleString('en')} events/s, ${verdict}`;
}
