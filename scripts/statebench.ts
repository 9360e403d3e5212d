#!/usr/bin/env node
import { statebench } from './command-line.ts';

await statebench(process.argv.slice(2));
