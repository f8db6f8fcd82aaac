/** What a checkpoint from strangers holds: safetensors, their index, config.json; and token lists of a user. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { concatBytes, fromUtf8 } from "../../../src/base/bytes.ts";
import { SkeinError } from "../../../src/base/errors.ts";
import { fromHuggingFaceConfig, toHuggingFaceConfig } from "../../../src/model/hugging_face_config.ts";
import { gpt2Config, llamaConfig, matchCheckpoint, parameterLayout } from "../../../src/model/mod.ts";
import { decodeTokenRows } from "../../../src/node/token_rows.ts";
import { decodeIndex } from "../../../src/state/checkpoint.ts";
import { SafetensorsFile } from "../../../src/state/safetensors_file.ts";
import { decodeHeader, elementCountOf, encodeHeader } from "../../../src/state/safetensors_header.ts";
import { type Decoder, jsonExamples, structuredBound } from "./decoder.ts";

const SIZES = { vocabSize: 3, contextLength: 2, layerCount: 1, headCount: 1, width: 2 };
const TENSORS = [
  { name: "a", shape: [2, 3], dtype: "F32" },
  { name: "b", shape: [], dtype: "BF16" },
  { name: "c", shape: [0], dtype: "F16" },
] as const;
/** Files cost a hundred times what bytes in memory cost. */
const FILE_SHARE = 0.005;
/** Of a tensor that such an input may hold, and of the buffer it passes through. */
const TENSOR_BYTES = 1 << 16;

function wholeFile(): Uint8Array {
  const { head, dataBytes } = encodeHeader(TENSORS, { format: "pt" });
  return concatBytes(head, new Uint8Array(dataBytes).fill(63));
}

/** JSON, or the typed error that such a file's reader would make of its absence. */
function parsed(input: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(input));
  } catch (cause) {
    throw new SkeinError("state/corrupt", "read JSON: it is none", {}, cause);
  }
}

function safetensorsDecoders(directory: string): Decoder[] {
  const file = wholeFile();
  const headerBytes = new DataView(file.buffer, file.byteOffset).getUint32(0, true);
  const header = file.slice(8, 8 + headerBytes);
  const path = join(directory, "model.safetensors");
  return [
    {
      name: "checkpoint: safetensors header",
      format: "json",
      examples: [header],
      decode: (input) => decodeHeader(input, file.byteLength - 8 - headerBytes),
      allocationBytes: structuredBound(),
      share: 0.2,
    },
    {
      name: "checkpoint: safetensors file",
      format: "bytes",
      examples: [file],
      async decode(input) {
        writeFileSync(path, input);
        const opened = await SafetensorsFile.open(path);
        try {
          for (const [name, { shape }] of opened.tensors) {
            const count = elementCountOf(shape);
            if (4 * count <= TENSOR_BYTES) await opened.read(name, new Float32Array(count));
          }
        } finally {
          await opened.close();
        }
      },
      allocationBytes: structuredBound(4 * TENSOR_BYTES),
      share: FILE_SHARE,
    },
  ];
}

/** @param directory for files; its own */
export function checkpointDecoders(directory: string): Decoder[] {
  const models = [gpt2Config(SIZES), llamaConfig({ ...SIZES, innerWidth: 2 })];
  const names = models.map((config) =>
    Object.fromEntries(parameterLayout(config).entries.map(({ name, shape }) => [name, shape]))
  );
  const shared = { format: "json", allocationBytes: structuredBound(), share: 0.2 } as const;
  return [
    ...safetensorsDecoders(directory),
    {
      ...shared,
      name: "checkpoint: index",
      examples: jsonExamples([{ metadata: { total_size: 5 }, weight_map: { a: "m-1.safetensors" } }]),
      decode: (input) => decodeIndex(parsed(input)),
    },
    {
      ...shared,
      name: "checkpoint: config.json",
      examples: jsonExamples([...models.map(toHuggingFaceConfig), {
        model_type: "llama",
        rope_scaling: { type: "llama3", factor: 8 },
      }]),
      decode: (input) => fromHuggingFaceConfig(parsed(input)),
    },
    {
      ...shared,
      name: "checkpoint: names of its tensors",
      examples: jsonExamples(names),
      decode(input) {
        const found = parsed(input);
        const shapes = Object.entries(found !== null && typeof found === "object" ? found : {});
        matchCheckpoint(models[0], new Map(shapes.filter(([, shape]) => Array.isArray(shape))));
      },
    },
    {
      ...shared,
      name: "checkpoint: token lists",
      examples: jsonExamples([[[1, 2, 3], [4, 5, 6]], [[0]]]),
      decode: (input) => decodeTokenRows(fromUtf8(input), "tokens.json"),
    },
  ];
}
