// GELU and its gradient. Included by `kernels.cpp` alone.

#pragma once

#include "kernels.h"
#include "vector.h"

namespace {

// What a standard normal number is below x with: Φ(x) = (1 + erf(x / √2)) / 2, and its density φ(x).
struct Normal {
    Vector share;
    Vector density;
};

// With t = 1 / (1 + 0.3275911 |x| / √2) it is Φ(-|x|) = t (a1 + … + a5 t⁴) exp(-x² / 2) / 2, to 8e-8 (Abramowitz & Stegun 1964, 7.1.26).
INLINE Normal normal(Vector x) {
    const Vector magnitude = (Vector)((Whole)x & 0x7fffffff);
    const Vector bell = exponential(x * x * -0.5f);
    const Vector t = 1.0f / (magnitude * 0.23164188f + 1.0f);
    Vector series = all(1.061405429f);
    series = series * t - 1.453152027f;
    series = series * t + 1.421413741f;
    series = series * t - 0.284496736f;
    series = series * t + 0.254829592f;
    const Vector tail = series * t * bell * 0.5f;
    return {choose((Whole)(x < Vector{}), tail, 1.0f - tail), bell * 0.39894228f};
}

// x Φ(x), of fp32 or of bf16.
template <typename Number>
void gelu(const Number* x, Number* y, int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; at += LANES) {
        const Vector values = load(x + at, end - at);
        store(y + at, values * normal(values).share, end - at);
    }
}

// Its derivative, Φ(x) + x φ(x), times `gradient`.
template <typename Number>
void gelu_gradient(const Number* gradient, const Number* x, Number* of_x, int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; at += LANES) {
        const Vector values = load(x + at, end - at);
        const Normal by = normal(values);
        store(of_x + at, load(gradient + at, end - at) * (by.share + values * by.density), end - at);
    }
}

}  // namespace
