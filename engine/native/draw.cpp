// The seed of the generator that dropout draws from.

#include "draw.h"

// Seeds the generator of this thread.
extern "C" void finetop_seed(uint64_t seed) { generator().set_current_seed(seed); }

// Its next number, for a seed.
extern "C" uint64_t finetop_next_seed() { return generator().random64() % static_cast<uint64_t>(INT64_MAX); }
