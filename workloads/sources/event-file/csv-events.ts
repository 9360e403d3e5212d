/** Events from a CSV file with a header. */
import { createReadStream } from 'node:fs';
import { WorkloadError } from '../../contract.ts';
import { CsvRecords } from './csv-records.ts';
import { type EventColumns, type EventFileFormat, EventPacker } from './event-packer.ts';
import { nearestName } from './nearest-name.ts';

/** The byte between fields. */
export const SEPARATORS = { comma: 0x2c, semicolon: 0x3b, tab: 0x09, pipe: 0x7c } as const;
export type Separator = keyof typeof SEPARATORS;

const PIECE_BYTES = 2 ** 20;
const UTF8_BOM = '\u00ef\u00bb\u00bf';
const UTF16_BOMS = ['\u00ff\u00fe', '\u00fe\u00ff'];

/** @throws WorkloadError `bad-data` naming file, line and column */
export async function readCsvEvents(file: string, format: EventFileFormat, separator: Separator): Promise<EventColumns> {
  const packer = new EventPacker(file, format);
  let places: Places | null = null;
  const records = new CsvRecords(SEPARATORS[separator], {
    record(record) {
      if (places === null) {
        places = placesIn(
          file,
          Array.from({ length: record.length }, (_, i) => record.text(i)),
          format,
          separator,
        );
        return true;
      }
      const { time, key, value, columns } = places;
      if (record.length !== columns) {
        return packer.bad(record.line, `it has ${record.length} field${record.length === 1 ? '' : 's'}, and the header ${columns}`);
      }
      return packer.add(record.line, record.text(time), record.text(key), value === null ? undefined : record.text(value));
    },
    bad(line, problem) {
      // Without a header there is nothing that could be passed over.
      if (places === null)
        throw new WorkloadError('bad-data', `${file}, line ${line}: ${problem}; a header with the names of columns belongs there`);
      return packer.bad(line, problem);
    },
  });
  const stream = createReadStream(file, { highWaterMark: PIECE_BYTES });
  let goesOn = true;
  for await (const bytes of stream) {
    goesOn = records.push(bytes as Buffer);
    if (!goesOn) break;
  }
  if (goesOn) records.end();
  return packer.columns();
}

/** Which field is what. */
interface Places {
  readonly time: number;
  readonly key: number;
  /** Null where every event has the value 1. */
  readonly value: number | null;
  readonly columns: number;
}

function placesIn(file: string, header: readonly string[], { time, key, value }: EventFileFormat, separator: Separator): Places {
  const first = header[0]!;
  if (UTF16_BOMS.some((bom) => first.startsWith(bom))) throw new WorkloadError('bad-data', `${file} is in UTF-16: save it as UTF-8`);
  const bare = first.startsWith(UTF8_BOM) ? first.slice(UTF8_BOM.length) : first;
  const names = [bare, ...header.slice(1)].map((name) => Buffer.from(unquoted(name), 'latin1').toString());
  const hint = names.length === 1 ? ` Fields are taken to be separated by a ${separator}: separator=… says otherwise.` : '';
  const placeOf = (option: string, name: string): number => columnPlace(file, option, name, names, hint);
  return {
    time: placeOf('time', time),
    key: placeOf('key', key),
    value: value === '' ? null : placeOf('value', value),
    columns: names.length,
  };
}

/** After a byte order mark quotes are letters. */
function unquoted(name: string): string {
  return /^".*"$/s.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** @throws WorkloadError `bad-data` if there is no such column, or two */
export function columnPlace(file: string, option: string, name: string, names: readonly string[], hint = ''): number {
  const place = names.indexOf(name);
  if (place === -1) {
    const near = nearestName(name, names);
    const listed = names.length > NAMES_LISTED ? [...names.slice(0, NAMES_LISTED), '…'] : names;
    const meant = near === null ? '' : ` Did you mean ${option}=${near}?`;
    throw new WorkloadError(
      'bad-data',
      `${file} has no column '${name}' for ${option}; it has: ${listed.join(', ').slice(0, 500)}.${meant}${hint}`,
    );
  }
  if (names.indexOf(name, place + 1) !== -1) throw new WorkloadError('bad-data', `${file} has two columns '${name}': name them apart`);
  return place;
}

const NAMES_LISTED = 30;
