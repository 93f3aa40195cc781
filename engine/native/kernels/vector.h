// Sixteen numbers at a time, in the words that g++ and clang share: the compiler makes of them what the processor has. Included by
// `kernels.cpp` alone.

#pragma once

#include <cstdint>
#include <cstring>

#include "kernels.h"

namespace {

constexpr int64_t LANES = 16;

typedef float Vector __attribute__((vector_size(64)));
typedef int32_t Whole __attribute__((vector_size(64)));
typedef uint32_t Bits __attribute__((vector_size(64)));
// The same in memory, where nothing is aligned.
typedef float Loose __attribute__((vector_size(64), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

constexpr Whole NUMBERS = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

INLINE Vector load(const float* from) { return *reinterpret_cast<const Loose*>(from); }
INLINE void store(float* to, Vector values) { *reinterpret_cast<Loose*>(to) = values; }
INLINE Vector all(float value) { return Vector{} + value; }

// The first `n` of sixteen, zeros behind them.
INLINE Vector load(const float* from, int64_t n) {
    if (n >= LANES) {
        return load(from);
    }
    Vector values{};
    std::memcpy(&values, from, n * sizeof(float));
    return values;
}

INLINE void store(float* to, Vector values, int64_t n) {
    if (n >= LANES) {
        store(to, values);
    } else {
        std::memcpy(to, &values, n * sizeof(float));
    }
}

// The same of bf16, the upper half of fp32.
typedef uint16_t Halves __attribute__((vector_size(32)));
typedef uint16_t LooseHalves __attribute__((vector_size(32), aligned(2), may_alias));

INLINE Vector load(const finetop::BFloat16* from, int64_t n) {
    Halves halves{};
    if (n >= LANES) {
        halves = *reinterpret_cast<const LooseHalves*>(from);
    } else {
        std::memcpy(&halves, from, n * sizeof(finetop::BFloat16));
    }
    return (Vector)(__builtin_convertvector(halves, Bits) << 16);
}

// Rounded to the nearest, of two that are equally near to the even one; what is no number stays none.
INLINE void store(finetop::BFloat16* to, Vector values, int64_t n) {
    const Bits bits = (Bits)values;
    const Bits rounded = bits + 0x7fffU + (bits >> 16 & 1U);
    const Whole is_number = (Whole)(values == values);
    const Bits upper = ((Bits)is_number & rounded >> 16) | (~(Bits)is_number & 0x7fc0U);
    const Halves halves = __builtin_convertvector(upper, Halves);
    if (n >= LANES) {
        *reinterpret_cast<LooseHalves*>(to) = halves;
    } else {
        std::memcpy(to, &halves, n * sizeof(finetop::BFloat16));
    }
}

// `yes` where `is` is -1, `no` where it is 0.
INLINE Vector choose(Whole is, Vector yes, Vector no) { return (Vector)(((Whole)yes & is) | ((Whole)no & ~is)); }

// The lanes before the `n`-th.
INLINE Whole before(int64_t n) { return NUMBERS < (Whole{} + static_cast<int32_t>(n < LANES ? n : LANES)); }

INLINE float sum(Vector values) {
    float lanes[LANES];
    std::memcpy(lanes, &values, sizeof lanes);
    for (int64_t width = LANES / 2; width > 0; width /= 2) {
        for (int64_t lane = 0; lane < width; lane++) {
            lanes[lane] += lanes[lane + width];
        }
    }
    return lanes[0];
}

// exp(x) for x <= 88, to two units of the last place; below -87 it is exp(-87). With n = round(x / ln 2) it is 2^n times the series of
// exp(x - n ln 2) up to the seventh power, whose rest is below 6e-9.
INLINE Vector exponential(Vector x) {
    const Vector lowest = all(-87.0f);
    x = choose(x < lowest, lowest, x);
    // Adding 1.5 · 2^23 leaves the rounded number in the last bits.
    const Vector rounder = all(12582912.0f);
    Vector shifted = x * 1.44269504088896f + rounder;
    Vector n = shifted - rounder;
    // ln 2 in two parts, of which the first times n is exact.
    Vector rest = (x - n * 0.693145751953125f) - n * 1.42860682030941723e-6f;
    Vector series = all(1.0f / 5040);
    series = series * rest + 1.0f / 720;
    series = series * rest + 1.0f / 120;
    series = series * rest + 1.0f / 24;
    series = series * rest + 1.0f / 6;
    series = series * rest + 0.5f;
    series = series * rest + 1.0f;
    series = series * rest + 1.0f;
    Whole power = ((Whole)shifted - (Whole)rounder + 127) << 23;
    return series * (Vector)power;
}

}  // namespace
