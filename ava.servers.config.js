import tests, { SERVERS } from './ava.config.js';

export default { ...tests, files: [SERVERS], timeout: '10m', concurrency: 1 };
