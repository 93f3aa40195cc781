// The loops over single precision numbers that a step spends its time in beside matrix products. `kernels.cpp` is compiled once for each
// level of the processor; `kernels()` takes the best that this one has. Nothing here knows of tensors.

#pragma once

#include <cstdint>

namespace finetop {

// A number in bf16 as it lies in memory.
struct BFloat16 {
    uint16_t bits;
};

// Which elements dropout keeps: those whose hash of `seed` and index is at least `threshold`, times `scale`.
struct Dropout {
    uint32_t seed = 0;
    uint32_t threshold = 0;
    float scale = 1.0f;

    bool acts() const { return threshold != 0; }
};

// `h`, `x`, `y` and `normal` are rows of `width`; `normal` and `deviation` may be null where no gradient will be asked for.
struct AddNorm {
    const float* h;
    const float* x;
    const float* weight;
    const float* bias;
    float* y;
    float* normal;     // (s - mean) / sqrt(var + epsilon) of the sum s
    float* deviation;  // 1 / sqrt(var + epsilon), one a row
    int64_t width;
    float epsilon;
    Dropout dropout;
};

// The gradient of the same; `of_weight` and `of_bias` [width] are added to, or null. `of_h` is null where it equals `of_x`.
struct AddNormGradient {
    const float* gradient;
    const float* normal;
    const float* deviation;
    const float* weight;
    float* of_h;
    float* of_x;
    int64_t width;
    Dropout dropout;
};

// One head of one row of the batch. Consecutive vectors of `query` [readers,size] lie `stride` apart, as do those of the others.
struct Head {
    const float* query;
    const float* key;
    const float* value;
    int64_t readers;
    int64_t keys;        // those that are not padding
    int64_t all_keys;    // padding included: what dropout's index counts by
    int64_t size;
    int64_t stride;
    uint32_t first_index;  // of the head's first probability among all of the batch
    Dropout dropout;
};

struct HeadResult {
    float* context;  // [readers,size], `stride` apart
    float* log_sum;  // log Σ exp(score) of every reader, or null
};

struct HeadGradient {
    const float* gradient;  // of the context
    const float* log_sum;
    float* of_query;  // each may be null
    float* of_key;    // only the first `keys` are written
    float* of_value;  // the same
};

// The numbers of one update: of each parameter `kept` is what weight decay leaves, `step_size` is the learning rate over the first moment's
// bias correction.
struct AdamW {
    float kept;
    float beta1;
    float beta2;
    float step_size;
    float second_correction_root;
    float epsilon;
    float gradient_divisor;
};

struct Kernels {
    void (*mask)(const float* x, float* y, int64_t begin, int64_t end, Dropout dropout);
    void (*add_norm)(const AddNorm& work, int64_t begin, int64_t end);
    void (*add_norm_gradient)(const AddNormGradient& work, int64_t begin, int64_t end, float* of_weight, float* of_bias);
    int64_t (*head_room)(const Head& head);
    // `room` holds `head_room` numbers.
    void (*head)(const Head& head, const HeadResult& result, float* room);
    void (*head_gradient)(const Head& head, const HeadGradient& result, float* room);
    // Of `n` numbers each; without `gradient` it is 0.
    void (*adamw)(float* parameter, const float* gradient, float* first, float* second, int64_t n, const AdamW& by);
    void (*decay)(float* parameter, int64_t n, float kept);
    void (*gelu)(const float* x, float* y, int64_t begin, int64_t end);
    void (*gelu_gradient)(const float* gradient, const float* x, float* of_x, int64_t begin, int64_t end);
    // The same of numbers in bf16, computed in fp32 and rounded.
    void (*gelu_in_bf16)(const BFloat16* x, BFloat16* y, int64_t begin, int64_t end);
    void (*gelu_gradient_in_bf16)(const BFloat16* gradient, const BFloat16* x, BFloat16* of_x, int64_t begin, int64_t end);
};

extern const Kernels KERNELS_PLAIN;
extern const Kernels KERNELS_AVX2;
extern const Kernels KERNELS_AVX512;

// Those of this processor.
inline const Kernels& kernels() {
#if defined(__x86_64__)
    static const Kernels& best = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") ? KERNELS_AVX512
                                 : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")       ? KERNELS_AVX2
                                                                                                         : KERNELS_PLAIN;
    return best;
#else
    return KERNELS_PLAIN;
#endif
}

}  // namespace finetop
