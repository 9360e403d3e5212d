// Proves the short form of R9: however a run is ended (Ctrl-C once or twice, SIGTERM, SIGHUP, a reader gone, SIGKILL) no process, port or
// unmarked temporary directory of it is left, and its trials stay valid: also with a server of its own, and with a backend that is stuck.
import test from 'ava';
import { provesCampaign } from './short-form.ts';
import { stopCampaign } from './stops.ts';

/** Other tests run beside this one; the campaign, alone on the machine, allows 2 s. What is left for good is found out all the same. */
const LIMIT_MS = 30_000;

provesCampaign(test, stopCampaign(6, LIMIT_MS), 'memory');
provesCampaign(test, stopCampaign(6, LIMIT_MS), 'lmdb');
