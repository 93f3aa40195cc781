// AdamW on numbers that lie one after another. Included by `kernels.cpp` alone.

#pragma once

#include <math.h>

#include "kernels.h"

namespace {

using finetop::AdamW;

// In the order of operations of libtorch's own kernel. `is_zero`: as if every gradient were 0.
template <bool is_zero>
void adamw_of(float* __restrict parameter, const float* __restrict gradient, float* __restrict first, float* __restrict second,
                     int64_t n, const AdamW& by) {
    const float kept = by.kept, beta1_apart = 1.0f - by.beta1, beta2 = by.beta2, beta2_apart = 1.0f - by.beta2;
    const float step_size = by.step_size, root = by.second_correction_root, epsilon = by.epsilon, divisor = by.gradient_divisor;
    for (int64_t at = 0; at < n; at++) {
        const float slope = is_zero ? 0.0f : gradient[at] / divisor;
        first[at] += beta1_apart * (slope - first[at]);
        second[at] = second[at] * beta2 + beta2_apart * slope * slope;
        parameter[at] = parameter[at] * kept - step_size * first[at] / (sqrtf(second[at]) / root + epsilon);
    }
}

void adamw(float* parameter, const float* gradient, float* first, float* second, int64_t n, const AdamW& by) {
    if (gradient == nullptr) {
        adamw_of<true>(parameter, gradient, first, second, n, by);
    } else {
        adamw_of<false>(parameter, gradient, first, second, n, by);
    }
}

void decay(float* parameter, int64_t n, float kept) {
    for (int64_t at = 0; at < n; at++) {
        parameter[at] *= kept;
    }
}

}  // namespace
