import tests, { SERVERS } from './ava.config.js';

/**
 * Java's second compiler pays off after minutes, which these servers do not live: with the first alone one starts with half of the
 * processor time. What is measured has both.
 */
const environmentVariables = { JAVA_TOOL_OPTIONS: '-XX:TieredStopAtLevel=1' };

export default { ...tests, files: [SERVERS], environmentVariables, timeout: '10m', concurrency: 1 };
