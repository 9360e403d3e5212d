// Proves R1: over random event logs (late, out of order, duplicate, skewed, before 1970, with gaps) every embedded backend gives
// the oracle's rows, whatever the micro-batch, also when the run is cut by a checkpoint and goes on from it elsewhere.
import test from 'ava';
import { logCampaign } from '../../scripts/campaigns/random-logs.ts';
import { EMBEDDED, provesCampaign } from '../../scripts/campaigns/short-form.ts';

for (const name of EMBEDDED) provesCampaign(test, logCampaign(20), name);
