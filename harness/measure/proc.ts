/** Where Linux tells of its processes. Every other system has none of it, and neither have some containers: what it tells is null there. */
export const PROC = '/proc';
