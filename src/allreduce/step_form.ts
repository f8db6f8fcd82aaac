/**
 * How the rounds of a step encode and reduce. One form for all of a run, or two: a run that exchanges little of each
 * pseudo-gradient starts with steps that exchange all of it. Every member derives the form from the step's number alone, so
 * none can be argued about: a proposal of another codec than its step's is refused as one of another run would be.
 */
import type { ChunkReducer, Codec } from "../codec/codec.ts";
import { canSumMeans } from "./grid_transfer.ts";
import { MAX_GROUP_MEMBERS, MAX_MESH_MEMBERS, type RunShape } from "./proposal.ts";
import { CHUNK_BYTES, chunkElementsFor } from "./result.ts";

export interface StepCodec {
  readonly codec: Codec;
  readonly reducer: ChunkReducer;
}

export interface WarmUp extends StepCodec {
  /** The last step that is exchanged so. */
  readonly lastStep: number;
}

export interface StepForm extends StepCodec {
  readonly shape: RunShape;
}

/**
 * The smaller of both group limits holds throughout: a group must be able to follow on the one before.
 * @returns the form of a step, by its number
 */
export function stepForms(
  of: Omit<RunShape, "codec" | "chunkElements" | "areChunksFitted" | "maxGroup"> & { chunkElements?: number },
  { codec, reducer, warmUp }: StepCodec & { warmUp?: WarmUp },
): (outerStep: number) => StepForm {
  const largestMesh = of.meshMembers ?? MAX_MESH_MEMBERS;
  const isGridded = canSumMeans(codec) && (warmUp === undefined || canSumMeans(warmUp.codec));
  const formOf = ({ codec, reducer }: StepCodec): StepForm => ({
    codec,
    reducer,
    shape: {
      ...of,
      codec: codec.name,
      chunkElements: of.chunkElements ?? chunkElementsFor(codec, CHUNK_BYTES),
      areChunksFitted: of.chunkElements === undefined,
      maxGroup: isGridded ? MAX_GROUP_MEMBERS : largestMesh,
    },
  });
  const lasting = formOf({ codec, reducer });
  const early = warmUp && formOf(warmUp);
  return (outerStep) => early !== undefined && outerStep <= warmUp!.lastStep ? early : lasting;
}
