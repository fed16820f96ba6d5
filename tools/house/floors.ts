/** Reader of tools/floors: the rooms, their floors, who may import whom, and which files may be long. */

export interface Room {
  readonly name: string;
  readonly floor: number;
  readonly mayImport: readonly string[];
  /** The host whose API the room may name. */
  readonly host: 'none' | 'node' | 'dom';
}

export interface Floors {
  readonly rooms: ReadonlyMap<string, Room>;
  /** Path prefixes of files that may be longer than the limit. */
  readonly long: readonly string[];
  /** What is wrong with the list itself. */
  readonly faults: readonly string[];
}

const roomLine = /^(?<floor>\d+)\s+(?<name>[a-z-]+)\s*(?::\s*(?<imports>[a-z -]*?))?\s*(?:may use:\s*(?<host>node|dom))?$/;
const longLine = /^long\s+(?<path>\S+)\s*:\s*\S.*$/;

export function readFloors(text: string): Floors {
  const rooms = new Map<string, Room>();
  const long: string[] = [];
  const faults: string[] = [];
  text.split('\n').forEach((raw, index) => {
    const line = raw.replace(/#.*/, '').trim();
    if (line === '') return;
    const room = roomLine.exec(line)?.groups;
    const path = longLine.exec(line)?.groups?.['path'];
    if (room) rooms.set(room['name']!, roomOf(room));
    else if (path) long.push(path);
    else faults.push(`tools/floors:${index + 1}: neither "FLOOR ROOM : IMPORTS" nor "long PATH : REASON": ${line}`);
  });
  return { rooms, long, faults: [...faults, ...upwardImports(rooms)] };
}

function roomOf(groups: Record<string, string | undefined>): Room {
  return {
    name: groups['name']!,
    floor: Number(groups['floor']),
    mayImport: (groups['imports'] ?? '').split(' ').filter(name => name !== ''),
    host: (groups['host'] as 'node' | 'dom' | undefined) ?? 'none',
  };
}

/** The list may not grant what the floors forbid: an import must go strictly down. */
function upwardImports(rooms: ReadonlyMap<string, Room>): string[] {
  return [...rooms.values()].flatMap(room =>
    room.mayImport.flatMap(name => {
      const below = rooms.get(name);
      if (!below) return [`tools/floors: ${room.name} may import ${name}, which is not a room`];
      return below.floor < room.floor ? [] : [`tools/floors: ${room.name} (floor ${room.floor}) may not import ${name} (floor ${below.floor})`];
    }),
  );
}
