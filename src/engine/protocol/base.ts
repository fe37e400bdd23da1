// Base: the device and the model that adapters are trained on.

import type { OnProgress } from './progress.ts';
import type { HostTraffic } from './traffic.ts';

export type QuantScheme = 'q8' | 'int8-row' | 'nf4' | 'nf4-dq' | 'f16' | 'f32';
/** A scheme, or the one that fits the model and the machine. */
export type QuantAsk = QuantScheme | 'auto';

export interface DeviceReport {
  /** `ok`, or why nothing can be trained here. */
  readonly status: 'ok' | 'no-webgpu' | 'no-adapter';
  /** For people: "Apple M3 Pro", "SwiftShader (software)". */
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  /** True for SwiftShader, lavapipe, WARP: correct, but far slower than any GPU. */
  readonly isSoftware: boolean;
  readonly features: readonly string[];
  readonly limits: {
    readonly maxBufferBytes: number;
    readonly maxBindingBytes: number;
    readonly maxWorkgroupBytes: number;
  };
}

/** Where a base model comes from: the bundled model served beside the page, files of one folder, or a model of the Hub. */
export type ModelSource =
  | { readonly kind: 'bundled'; readonly id: string; readonly url: string }
  | { readonly kind: 'files'; readonly name: string; readonly files: readonly File[] }
  | {
      readonly kind: 'hub';
      /** "org/name", "org/name/file.gguf" or the address of its page. */
      readonly id: string;
      readonly revision?: string;
      /** https://huggingface.co when absent; the page's policy allows no other. */
      readonly endpoint?: string;
      /** Sent to the endpoint alone; never stored. */
      readonly token?: string;
    };

/** A model of the Hub that the page offers. */
export interface HubChoice {
  readonly id: string;
  readonly parameters: number;
  /** Rows and columns of its largest matrix. */
  readonly vocabulary: number;
  readonly hidden: number;
  /** About. */
  readonly downloadBytes: number;
  readonly licence: string;
  readonly isGated: boolean;
  /** False: this version does not know its family. */
  readonly isOpenable: boolean;
}

export interface ModelReport {
  readonly id: string;
  readonly name: string;
  readonly family: string;
  readonly parameters: number;
  readonly layers: number;
  readonly hidden: number;
  readonly vocabulary: number;
  readonly contextTokens: number;
  /** Of the linears. */
  readonly quant: QuantScheme;
  /** Of embedding and head. */
  readonly embeddingQuant: QuantScheme;
  readonly weightBytes: number;
  readonly licence: string | undefined;
  readonly hasChatTemplate: boolean;
  /** Every linear that an adapter can sit on, by its last name ("q_proj"), in the order of the forward pass. */
  readonly linearNames: readonly string[];
  /** What IA³ scales by default. */
  readonly ia3Defaults?: { readonly targets: readonly string[]; readonly feedforward: readonly string[] } | undefined;
  /** Modules beside them that can be trained in full (modules_to_save), as that names them. */
  readonly savable?: {
    readonly head: string;
    readonly embeddings: readonly string[];
    readonly norms: readonly string[];
  };
  /** SHA-256 over names, shapes and bytes of the prepared weights; binds an adapter to its base. */
  readonly hash: string;
  /** Why the next opening has to prepare it anew; undefined when it is kept. */
  readonly notKept: string | undefined;
  readonly warnings: readonly string[];
}

/** Prepared models that the browser keeps, so that they open in a second. */
export interface KeptModels {
  readonly models: number;
  readonly bytes: number;
}

export interface BaseApi {
  openDevice(): Promise<DeviceReport>;
  openModel(source: ModelSource, quant: QuantAsk, onProgress: OnProgress): Promise<ModelReport>;
  /** Ends an opening that is going on; its call rejects. The base that was open before stays open. */
  cancelOpening(): Promise<void>;
  keptModels(): Promise<KeptModels>;
  /** Makes room. The base that is open stays open, and is prepared anew the next time. */
  forgetKeptModels(): Promise<void>;
  listHubModels(): Promise<readonly HubChoice[]>;
  /** Told now and whenever the engine has asked another machine, or this page's own host, for something. */
  followTraffic(listener: (hosts: readonly HostTraffic[]) => void): Promise<void>;
}
