import { ChunksInMemory, type ResultRoom, type ResultSpace } from "../../../src/allreduce/result_space.ts";

/** As files do: what is put is copied, and a room that was freed is used for another result. */
export class CopyingSpace implements ResultSpace {
  readonly rooms: CopiedRoom[] = [];

  open(mostBytes: readonly number[]): ResultRoom {
    const room = new CopiedRoom(mostBytes);
    this.rooms.push(room);
    return room;
  }

  get heldCount(): number {
    return this.rooms.filter(({ isFree }) => !isFree).length;
  }
}

class CopiedRoom extends ChunksInMemory {
  isFree = false;

  constructor(mostBytes: readonly number[]) {
    super(mostBytes.map(() => undefined));
  }

  override put(chunk: number, bytes: Uint8Array): boolean {
    super.put(chunk, bytes.slice());
    return false;
  }

  override free(): void {
    this.isFree = true;
  }
}
