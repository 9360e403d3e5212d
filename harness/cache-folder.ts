/** Where what is fetched or made once is kept between runs, outside of the repository. */
import { homedir } from 'node:os';
import path from 'node:path';

/** `STATEBENCH_CACHE`, else `statebench` in `XDG_CACHE_HOME` or `~/.cache`. It need not exist. */
export function cacheFolder(): string {
  const { STATEBENCH_CACHE: own, XDG_CACHE_HOME: shared } = process.env;
  if (own !== undefined && own !== '') return path.resolve(own);
  // The specification of the variable has relative paths ignored.
  return path.join(shared !== undefined && path.isAbsolute(shared) ? shared : path.join(homedir(), '.cache'), 'statebench');
}
