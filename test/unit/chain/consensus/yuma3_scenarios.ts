/**
 * What Yuma 3 must come to, epoch by epoch, from the runtime's own tests (pallets/subtensor/src/tests/epoch.rs at spec
 * 293): validators 0 to 2 weigh the servers from uid 3 on. The bonds that the source lists are compared here; there they
 * are not, for its loop skips them.
 */
interface Epoch {
  /** Said before it, by each validator of each server; none: as before. */
  readonly weights?: readonly (readonly number[])[];
  readonly bonds?: readonly (readonly number[])[];
  readonly dividends?: readonly number[];
  /** The server in which all bonds are reset before it. */
  readonly lost?: number;
}

export interface Scenario {
  readonly name: string;
  readonly isLiquid: boolean;
  readonly stakes: readonly number[];
  readonly epochs: readonly Epoch[];
}

const [toFirst, toSecond] = [[65535, 0], [0, 65535]];
/** Expected by epoch; the runtime's test tells only these. */
const RESET_EPOCHS: Readonly<Record<number, Epoch>> = {
  0: {
    weights: [toFirst, toFirst, toFirst],
    bonds: [[.1013, 0], [.1013, 0], [.1013, 0]],
    dividends: [.8, .1, .1],
  },
  1: {
    weights: [toFirst, toSecond, toSecond],
    bonds: [[.1924, 0], [.0908, .2987], [.0908, .2987]],
    dividends: [.8944, .0528, .0528],
  },
  2: {
    weights: [toSecond, toSecond, toSecond],
    bonds: [[.1715, .1013], [.0815, .3697], [.0815, .3697]],
    dividends: [.523, .2385, .2385],
  },
  19: { bonds: [[.0269, .8539], [.0131, .8975], [.0131, .8975]], dividends: [.7919, .104, .104] },
  20: { lost: 3, bonds: [[0, .8687], [0, .9079], [0, .9079]], dividends: [.7928, .1036, .1036] },
  21: {
    weights: [toSecond, toFirst, toFirst],
    bonds: [[0, .882], [.2987, .6386], [.2987, .6386]],
    dividends: [.8467, .0766, .0766],
  },
  22: { weights: [toFirst, toFirst, toFirst] },
  40: { bonds: [[.8687, .0578], [.9079, .0523], [.9079, .0523]], dividends: [.7928, .1036, .1036] },
};
const RESET: Scenario = {
  name: "test_yuma_3_bonds_reset",
  isLiquid: true,
  stakes: [8, 1, 1, 0, 0],
  epochs: Array.from({ length: 41 }, (_, i) => RESET_EPOCHS[i] ?? {}),
};

export const YUMA3_SCENARIOS: readonly Scenario[] = [
  {
    name: "test_yuma_3_kappa_moves_first",
    isLiquid: true,
    stakes: [8, 1, 1, 0, 0],
    epochs: [
      {
        weights: [[65535, 0], [65535, 0], [65535, 0]],
        bonds: [[0.1013, 0.0], [0.1013, 0.0], [0.1013, 0.0]],
        dividends: [0.8, 0.1, 0.1],
      },
      {
        weights: [[0, 65535], [65535, 0], [65535, 0]],
        bonds: [[0.0908, 0.1013], [0.3697, 0.0], [0.3697, 0.0]],
        dividends: [1.0, 0.0, 0.0],
      },
      {
        weights: [[0, 65535], [0, 65535], [65535, 0]],
        bonds: [[0.0815, 0.1924], [0.317, 0.1013], [0.558, 0.0]],
        dividends: [0.9382, 0.0618, 0.0],
      },
      {
        weights: [[0, 65535], [0, 65535], [0, 65535]],
        bonds: [[0.0731, 0.2742], [0.2765, 0.1924], [0.4306, 0.1013]],
        dividends: [0.8819, 0.0773, 0.0407],
      },
      { bonds: [[0.0656, 0.3478], [0.2435, 0.2742], [0.3589, 0.1924]], dividends: [0.8564, 0.0844, 0.0592] },
      { bonds: [[0.0588, 0.4139], [0.2157, 0.3478], [0.3089, 0.2742]], dividends: [0.8418, 0.0884, 0.0697] },
    ],
  },
  {
    name: "test_yuma_3_kappa_moves_second",
    isLiquid: true,
    stakes: [8, 1, 1, 0, 0],
    epochs: [
      {
        weights: [[65535, 0], [65535, 0], [65535, 0]],
        bonds: [[0.1013, 0.0], [0.1013, 0.0], [0.1013, 0.0]],
        dividends: [0.8, 0.1, 0.1],
      },
      {
        weights: [[65535, 0], [0, 65535], [65535, 0]],
        bonds: [[0.1924, 0.0], [0.0908, 0.2987], [0.1924, 0.0]],
        dividends: [0.8446, 0.0498, 0.1056],
      },
      {
        weights: [[0, 65535], [0, 65535], [65535, 0]],
        bonds: [[0.1715, 0.1013], [0.0815, 0.3697], [0.4336, 0.0]],
        dividends: [0.6868, 0.3132, 0.0],
      },
      {
        weights: [[0, 65535], [0, 65535], [0, 65535]],
        bonds: [[0.1531, 0.1924], [0.0731, 0.4336], [0.3608, 0.1013]],
        dividends: [0.7421, 0.209, 0.0489],
      },
      { bonds: [[0.1369, 0.2742], [0.0656, 0.491], [0.3103, 0.1924]], dividends: [0.7625, 0.1706, 0.0669] },
      { bonds: [[0.1225, 0.3478], [0.0588, 0.5426], [0.2712, 0.2742]], dividends: [0.773, 0.1508, 0.0762] },
    ],
  },
  {
    name: "test_yuma_3_kappa_moves_last",
    isLiquid: true,
    stakes: [8, 1, 1, 0, 0],
    epochs: [
      {
        weights: [[65535, 0], [65535, 0], [65535, 0]],
        bonds: [[0.1013, 0.0], [0.1013, 0.0], [0.1013, 0.0]],
        dividends: [0.8, 0.1, 0.1],
      },
      {
        weights: [[65535, 0], [0, 65535], [65535, 0]],
        bonds: [[0.1924, 0.0], [0.0908, 0.2987], [0.1924, 0.0]],
        dividends: [0.8446, 0.0498, 0.1056],
      },
      {
        weights: [[65535, 0], [0, 65535], [0, 65535]],
        bonds: [[0.2742, 0.0], [0.0815, 0.5081], [0.1715, 0.2987]],
        dividends: [0.8966, 0.0333, 0.0701],
      },
      {
        weights: [[0, 65535], [0, 65535], [0, 65535]],
        bonds: [[0.2416, 0.1013], [0.0731, 0.558], [0.1531, 0.3697]],
        dividends: [0.4663, 0.321, 0.2127],
      },
      { bonds: [[0.2141, 0.1924], [0.0656, 0.6028], [0.1369, 0.4336]], dividends: [0.5976, 0.234, 0.1683] },
      { bonds: [[0.1903, 0.2742], [0.0588, 0.643], [0.1225, 0.491]], dividends: [0.6592, 0.1932, 0.1475] },
    ],
  },
  {
    name: "test_yuma_3_one_epoch_switch",
    isLiquid: true,
    stakes: [33, 33, 34, 0, 0],
    epochs: [
      {
        weights: [[65535, 0], [65535, 0], [65535, 0]],
        bonds: [[0.1013, 0.0], [0.1013, 0.0], [0.1013, 0.0]],
        dividends: [0.33, 0.33, 0.34],
      },
      {
        weights: [[65535, 0], [65535, 0], [65535, 0]],
        bonds: [[0.1924, 0.0], [0.1924, 0.0], [0.1924, 0.0]],
        dividends: [0.33, 0.33, 0.34],
      },
      {
        weights: [[65535, 0], [65535, 0], [0, 65535]],
        bonds: [[0.2742, 0.0], [0.2742, 0.0], [0.1715, 0.2987]],
        dividends: [0.3782, 0.3782, 0.2436],
      },
      {
        weights: [[65535, 0], [65535, 0], [65535, 0]],
        bonds: [[0.3478, 0.0], [0.3478, 0.0], [0.2554, 0.2618]],
        dividends: [0.3628, 0.3628, 0.2745],
      },
      {
        weights: [[65535, 0], [65535, 0], [65535, 0]],
        bonds: [[0.4139, 0.0], [0.4139, 0.0], [0.3309, 0.2312]],
        dividends: [0.3541, 0.3541, 0.2917],
      },
      {
        weights: [[65535, 0], [65535, 0], [65535, 0]],
        bonds: [[0.4733, 0.0], [0.4733, 0.0], [0.3987, 0.2051]],
        dividends: [0.3487, 0.3487, 0.3026],
      },
    ],
  },
  {
    name: "test_yuma_3_liquid_alpha_disabled",
    isLiquid: false,
    stakes: [33, 33, 34, 0, 0],
    epochs: [
      {
        weights: [[65535, 0], [65535, 0], [65535, 0]],
        bonds: [[0.025, 0.0], [0.025, 0.0], [0.025, 0.0]],
        dividends: [0.33, 0.33, 0.34],
      },
      {
        weights: [[65535, 0], [65535, 0], [65535, 0]],
        bonds: [[0.0494, 0.0], [0.0494, 0.0], [0.0494, 0.0]],
        dividends: [0.33, 0.33, 0.34],
      },
      {
        weights: [[65535, 0], [65535, 0], [0, 65535]],
        bonds: [[0.0731, 0.0], [0.0731, 0.0], [0.0481, 0.025]],
        dividends: [0.3734, 0.3734, 0.2532],
      },
      {
        weights: [[65535, 0], [65535, 0], [65535, 0]],
        bonds: [[0.0963, 0.0], [0.0963, 0.0], [0.0719, 0.0244]],
        dividends: [0.3611, 0.3611, 0.2779],
      },
      {
        weights: [[65535, 0], [65535, 0], [65535, 0]],
        bonds: [[0.1189, 0.0], [0.1189, 0.0], [0.0951, 0.0238]],
        dividends: [0.3541, 0.3541, 0.2919],
      },
      {
        weights: [[65535, 0], [65535, 0], [65535, 0]],
        bonds: [[0.1409, 0.0], [0.1409, 0.0], [0.1178, 0.0232]],
        dividends: [0.3495, 0.3495, 0.3009],
      },
    ],
  },
  {
    name: "test_yuma_3_stable_miner",
    isLiquid: true,
    stakes: [8, 1, 1, 0, 0, 0],
    epochs: [
      {
        weights: [[32767, 0, 32767], [32767, 0, 32767], [32767, 0, 32767]],
        bonds: [[0.0507, 0.0, 0.0507], [0.0507, 0.0, 0.0507], [0.0507, 0.0, 0.0507]],
        dividends: [0.8, 0.1, 0.1],
      },
      {
        weights: [[32767, 0, 32767], [0, 32767, 32767], [32767, 0, 32767]],
        bonds: [[0.0962, 0.0, 0.0962], [0.0455, 0.1, 0.0962], [0.0962, 0.0, 0.0962]],
        dividends: [0.8226, 0.0745, 0.1028],
      },
      {
        weights: [[0, 32767, 32767], [0, 32767, 32767], [32767, 0, 32767]],
        bonds: [[0.0863, 0.0507, 0.1371], [0.0408, 0.1405, 0.1371], [0.177, 0.0, 0.1371]],
        dividends: [0.775, 0.1685, 0.0565],
      },
      {
        weights: [[0, 32767, 32767], [0, 32767, 32767], [0, 32767, 32767]],
        bonds: [[0.0774, 0.0962, 0.1739], [0.0367, 0.177, 0.1739], [0.1579, 0.0507, 0.1739]],
        dividends: [0.7864, 0.1372, 0.0764],
      },
      {
        bonds: [[0.0694, 0.1371, 0.2069], [0.0329, 0.2097, 0.2069], [0.1411, 0.0962, 0.2069]],
        dividends: [0.7912, 0.1241, 0.0847],
      },
      {
        bonds: [[0.0623, 0.1739, 0.2366], [0.0296, 0.2391, 0.2366], [0.1263, 0.1371, 0.2366]],
        dividends: [0.7937, 0.1173, 0.089],
      },
    ],
  },
  RESET,
];
