// fast-check with one seed, so that a run of the tests is the same on every machine; GRAFT_FUZZ_SEED=<number> tries others.
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.GRAFT_FUZZ_SEED ?? 1) });

export default fc;
