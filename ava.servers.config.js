import tests, { SERVERS } from './ava.config.js';

/**
 * Java's second compiler pays off after minutes, which these servers do not live: with the first alone one starts with half of the
 * processor time. What is measured has both.
 */
const environmentVariables = { JAVA_TOOL_OPTIONS: '-XX:TieredStopAtLevel=1' };

/** Two files at once: a test and its server mostly wait for each other, and leave half of two processors idle. */
const concurrency = 2;

export default { ...tests, files: [SERVERS], environmentVariables, timeout: '10m', concurrency };
