// Loops over rows: dropout, residual and layer norm. Included by `kernels.cpp` alone.

#pragma once

#include <math.h>

#include "kernels.h"
#include "vector.h"

namespace {

using finetop::AddNorm;
using finetop::AddNormGradient;
using finetop::Dropout;

// What dropout makes of sixteen elements of these indices. The hash is a 32-bit mixer with two multiplications (Wellons
// 2018, "Prospecting for Hash Functions": lowbias32).
INLINE Vector dropped(Vector x, Bits indices, Dropout dropout) {
    Bits hash = indices ^ dropout.seed;
    hash ^= hash >> 16;
    hash *= 0x7feb352dU;
    hash ^= hash >> 15;
    hash *= 0x846ca68bU;
    hash ^= hash >> 16;
    Whole keeps = (Whole)(hash >= (Bits{} + dropout.threshold));
    return (Vector)((Whole)(x * dropout.scale) & keeps);
}

// The same of elements that follow the one of index `first`.
INLINE Vector dropped(Vector x, uint32_t first, Dropout dropout) { return dropped(x, (Bits)NUMBERS + first, dropout); }

void mask(const float* x, float* y, int64_t begin, int64_t end, Dropout dropout) {
    for (int64_t index = begin; index < end; index += LANES) {
        store(y + index, dropped(load(x + index, end - index), static_cast<uint32_t>(index), dropout), end - index);
    }
}

// y = (s - mean) / sqrt(var + epsilon) · weight + bias of s = dropout(h) + x.
void add_norm(const AddNorm& work, int64_t begin, int64_t end) {
    const int64_t width = work.width;
    for (int64_t row = begin; row < end; row++) {
        const float* h = work.h + row * width;
        const float* x = work.x + row * width;
        float* y = work.y + row * width;
        Vector total{};
        for (int64_t at = 0; at < width; at += LANES) {
            Vector values = load(h + at, width - at);
            if (work.dropout.acts()) {
                values = dropped(values, static_cast<uint32_t>(row * width + at), work.dropout);
            }
            values += load(x + at, width - at);
            total += values;
            store(y + at, values, width - at);
        }
        const float mean = sum(total) / width;
        Vector squares{};
        for (int64_t at = 0; at < width; at += LANES) {
            Vector apart = load(y + at, width - at) - mean;
            squares += (Vector)((Whole)(apart * apart) & before(width - at));
        }
        const float deviation = 1.0f / sqrtf(sum(squares) / width + work.epsilon);
        for (int64_t at = 0; at < width; at += LANES) {
            Vector normal = (load(y + at, width - at) - mean) * deviation;
            if (work.normal != nullptr) {
                store(work.normal + row * width + at, normal, width - at);
            }
            store(y + at, normal * load(work.weight + at, width - at) + load(work.bias + at, width - at), width - at);
        }
        if (work.deviation != nullptr) {
            work.deviation[row] = deviation;
        }
    }
}

// With g = gradient · weight, the sum's gradient is (g - mean(g) - normal · mean(g · normal)) / sqrt(var + epsilon).
void add_norm_gradient(const AddNormGradient& work, int64_t begin, int64_t end, float* of_weight, float* of_bias) {
    const int64_t width = work.width;
    for (int64_t row = begin; row < end; row++) {
        const float* gradient = work.gradient + row * width;
        const float* normal = work.normal + row * width;
        Vector total{}, product{};
        for (int64_t at = 0; at < width; at += LANES) {
            Vector plain = load(gradient + at, width - at);
            Vector normals = load(normal + at, width - at);
            Vector weighted = plain * load(work.weight + at, width - at);
            total += weighted;
            product += weighted * normals;
            if (of_weight != nullptr) {
                store(of_weight + at, load(of_weight + at, width - at) + plain * normals, width - at);
                store(of_bias + at, load(of_bias + at, width - at) + plain, width - at);
            }
        }
        const float mean = sum(total) / width;
        const float along = sum(product) / width;
        for (int64_t at = 0; at < width; at += LANES) {
            Vector weighted = load(gradient + at, width - at) * load(work.weight + at, width - at);
            Vector result = (weighted - mean - load(normal + at, width - at) * along) * work.deviation[row];
            store(work.of_x + row * width + at, result, width - at);
            if (work.of_h != nullptr) {
                store(work.of_h + row * width + at, dropped(result, static_cast<uint32_t>(row * width + at), work.dropout), width - at);
            }
        }
    }
}

}  // namespace
