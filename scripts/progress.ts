/** Draws how far a run is: one line that changes on a terminal, a line per finished trial elsewhere. */
import type { RunEvent } from '../harness/run-events.ts';
import { formatSeconds } from '../harness/units.ts';

/** The part of stderr that is used. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Progress {
  onEvent(event: RunEvent): void;
  /** Wipes the changing line and writes no more of it. */
  end(): void;
}

export interface ProgressRequest {
  readonly screen: Screen;
  /** `line`: by what the screen is. `plain`: a line per finished trial. `quiet`: only failures. */
  readonly style: 'line' | 'plain' | 'quiet';
  /** What the plan expects, for the time left until trials tell better. */
  readonly expectedSeconds: number;
  /** Trials of an earlier part of the run, which say nothing of the pace. */
  readonly alreadyFinished: number;
  readonly now?: () => number;
}

/** At most twice a second. */
const PAUSE_MS = 500;
const WIPE = '\r\u{1b}[2K';

export function drawProgress({
  screen,
  style,
  expectedSeconds,
  alreadyFinished,
  now = () => performance.now(),
}: ProgressRequest): Progress {
  const changes = style === 'line' && screen.isTTY === true;
  const startMs = now();
  let drawnMs = Number.NEGATIVE_INFINITY;
  let finished = alreadyFinished;
  let current = '';
  let trials = 0;

  const secondsLeft = (): number => {
    const seconds = (now() - startMs) / 1000;
    // One trial is no pace yet: the first brings calibration with it.
    const own = finished - alreadyFinished;
    return own < 2 ? Math.max(0, expectedSeconds - seconds) : (seconds / own) * (trials - finished);
  };
  const draw = (): void => {
    if (!changes || now() - drawnMs < PAUSE_MS) return;
    drawnMs = now();
    const line = `${finished}/${trials}  ${current}  about ${formatSeconds(secondsLeft())} left`;
    screen.write(`${WIPE}${line.slice(0, (screen.columns ?? 80) - 1)}`);
  };
  const wipe = (): void => {
    if (changes && drawnMs > 0) screen.write(WIPE);
  };
  const onEvent = (event: RunEvent): void => {
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
          screen.write(`${finishedLine(event)}\n`);
        }
        break;
    }
    draw();
  };
  return { onEvent, end: wipe };
}

function finishedLine({ trial, index, trials }: Extract<RunEvent, { type: 'trial-finished' }>): string {
  const head = `${String(index).padStart(String(trials).length)}/${trials}  ${trial.cell}, block ${trial.block}`;
  if (trial.state === 'failed') return `${head}: did not finish (${trial.phase}): ${trial.message.split('\n')[0]}`;
  const { correctness, throughput } = trial;
  const checked = Object.values(correctness).filter((output) => output !== null);
  const verdict = checked.length === 0 ? 'output not checked' : checked.every(({ equal }) => equal) ? 'output right' : 'OUTPUT WRONG';
  return `${head}: ${Math.round(throughput.eventsPerSecond).toLocaleString('en')} events/s, ${verdict}`;
}
