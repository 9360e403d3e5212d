/** The program that an engine is tried with: writes the digests of all presets, a line of JSON each. */
import { PRESETS, presetDigests } from './preset-digests.ts';

for (const preset of PRESETS) process.stdout.write(`${JSON.stringify({ preset, ...(await presetDigests(preset)) })}\n`);
